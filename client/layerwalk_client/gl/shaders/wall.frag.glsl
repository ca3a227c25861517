// What a pixel of a wall shows: which picture of the grid, where in it, and its colour.
// Around a picture lies the light of its channel, where a signal is followed; the picture itself is
// never tinted. OVERVIEW reads the far picture of the whole wall, else a block's array texture is read; FADE
// mixes with what was there before; IMAGE shows colours instead of values; MIRROR is the dim, soft
// picture of it that the floor gives back.
in vec2 place;
flat in vec2 extent;
flat in vec4 grid;
flat in vec4 content;
flat in vec4 overview;
flat in int light;

#include "frame.glsl"
#include "glow.glsl"
uniform sampler2D page;         // overviews
uniform sampler2D multipliers;  // a texel a cell: 1 / range, scale of int8 values
#ifndef OVERVIEW
uniform sampler2DArray block;
uniform float is_int8;          // 1 if texels are int8 shares of the scale
flat in float first;            // channel of the block's layer 0
#endif
#ifdef FADE
uniform sampler2DArray previous;
uniform vec2 previous_kind;     // 1 = from a texture, 0 = from the overview; 1 if int8
uniform float fade;             // 0 = previous, 1 = block
#endif
#ifndef IMAGE
#include "colour.glsl"
#endif
#ifdef MIRROR
#include "sky.glsl"
in vec3 from_eye;
in float below;

const float BLUR = 6.0;     // by how much a reflection is softer at its far end
#endif

out vec4 colour;

const float CELL = 8.0;

// Share of a pixel that lies on the pictures, along one axis. `at` is counted from the middle of
// the gap before the nearest picture, `width` is a pixel, both in metres.
float share(float at, float width, float tile, float gap) {
    float inside = min(at - 0.5 * gap, tile + 0.5 * gap - at);
    float own = clamp(inside / width + 0.5, 0.0, 1.0);
    float neighbour = clamp(0.5 - (gap + inside) / width, 0.0, 1.0);
    float period = tile + gap;
    return mix(min(own + neighbour, 1.0), tile / period, smoothstep(0.5, 1.5, width / period));
}

struct Cell {
    vec2 index;   // column, row
    vec2 within;  // 0..1 over the picture
    vec2 dx, dy;  // derivatives of `within`
};

// Texels a pixel spans, for one sample: along the longer axis at most twice the shorter, since the
// level is that of the longer one.
void even_out(inout vec2 across, inout vec2 down) {
#ifdef ISOTROPIC
    float wide = max(length(across), 1e-6), high = max(length(down), 1e-6);
    across *= min(1.0, 2.0 * high / wide);
    down *= min(1.0, 2.0 * wide / high);
#endif
}

vec4 from_overview(Cell cell) {
    vec2 gx = cell.dx * CELL, gy = cell.dy * CELL;
    float lod = 0.5 * log2(max(min(dot(gx, gx), dot(gy, gy)), 1e-8));
    // Enlarged, a cell keeps to its own texels; reduced, half a pixel of its neighbour smooths the
    // step between them, also while the picture moves.
    float margin = 0.5 * clamp(1.0 - lod, 0.0, 1.0);
    vec2 corner = overview.xy + cell.index;
    vec2 texel = corner * CELL + clamp(cell.within * CELL, margin, CELL - margin);
    vec2 size = vec2(textureSize(page, 0));
#ifdef MIRROR
    vec4 value = textureLod(page, texel / size, 0.5 * log2(max(dot(gx, gx), dot(gy, gy))));
#else
    even_out(gx, gy);
    vec4 value = textureGrad(page, texel / size, gx / size, gy / size);
#endif
#ifndef IMAGE
    // One range for the whole wall, or values that are shares of their channel's range already.
    value.r *= overview.z > 1.5 ? 1.0 : texelFetch(multipliers, ivec2(corner), 0).r;
#endif
    return value;
}

vec3 painted(vec4 value) {
#ifdef IMAGE
    return value.rgb;
#else
    return colour_of(value.r);
#endif
}

#ifndef OVERVIEW
vec3 from_texture(sampler2DArray source, Cell cell, float layer, float is_share) {
    layer = clamp(layer, 0.0, float(textureSize(source, 0).z - 1));
    vec2 size = vec2(textureSize(source, 0).xy);
    vec2 at = cell.within * size;
    vec2 texels_px = (abs(cell.dx) + abs(cell.dy)) * size;
    vec2 seam = floor(at + 0.5);
    vec2 from_seam = (at - seam) / clamp(texels_px, 1e-5, 1.0);
    vec2 crisp = (seam + clamp(from_seam, -0.5, 0.5)) / size;
    vec2 gx = cell.dx * size, gy = cell.dy * size;
    even_out(gx, gy);
    vec4 value = textureGrad(source, vec3(crisp, layer), gx / size, gy / size);
    // Enlarged, texels are exact. Where a pixel lies on a border, the colours of both sides (not
    // their values, which could pass through zero) are mixed by its share of each.
    bool is_enlarged = max(texels_px.x, texels_px.y) < 1.0;
    vec2 near = abs(from_seam);
    vec2 across = near.x < near.y ? vec2(sign(from_seam.x), 0.0) : vec2(0.0, sign(from_seam.y));
    float share = is_enlarged ? max(0.5 - min(near.x, near.y), 0.0) : 0.0;
    vec2 texel = clamp(floor(at), vec2(0.0), size - 1.0);
    vec2 other = clamp(texel - across, vec2(0.0), size - 1.0);
    vec4 exact = texelFetch(source, ivec3(texel, layer + 0.5), 0);
    value = is_enlarged ? exact : value;
    vec4 beyond = texelFetch(source, ivec3(other, layer + 0.5), 0);
#ifndef IMAGE
    vec2 scale = texelFetch(multipliers, ivec2(overview.xy + cell.index), 0).rg;
    float gain = scale.r * (is_share > 0.5 ? scale.g : 1.0);
    value.r *= gain;
    beyond.r *= gain;
#endif
    return mix(painted(value), painted(beyond), share);
}
#endif

// Colour of a light, -1..1, over what lies there in the dark.
vec3 lit(vec3 dark, float strength) {
    return mix(dark, strength < 0.0 ? away_colour : towards_colour, abs(strength) * glow);
}

// Share of a pixel that the frame of a channel covers, which is drawn over the edge of its picture
// only where the gap is thinner than a line that can be seen.
float framed(vec2 at, vec2 pixel, vec2 tile, float gap, float strength) {
    vec2 wish = 1.6 * pixel_scale * pixel * smoothstep(0.05, 0.4, strength * glow);
    vec2 within = clamp(wish - 0.5 * gap, vec2(0.0), 0.12 * tile);
    vec2 inside = min(at - 0.5 * gap, tile + 0.5 * gap - at) - within;
    float shown = min(inside.x / pixel.x, inside.y / pixel.y);
    return any(greaterThan(within, vec2(0.0))) ? 1.0 - clamp(shown + 0.5, 0.0, 1.0) : 0.0;
}

void main() {
    vec2 pixel_x = dFdx(place), pixel_y = dFdy(place);
    vec2 pixel = max(abs(pixel_x) + abs(pixel_y), vec2(1e-7));
    vec2 tile = grid.xy;
    float gap = grid.z;
    vec2 period = tile + gap;
    vec2 shifted = place - 0.5 * gap;

    Cell cell;
    cell.index = clamp(floor(shifted / period), vec2(0.0), vec2(grid.w, overview.w) - 1.0);
    vec2 at = shifted - cell.index * period;
    cell.within = clamp((at - 0.5 * gap) / tile, 0.0, 1.0);
#ifdef MIRROR
    pixel_x *= 2.0 + BLUR * below;
    pixel_y *= 2.0 + BLUR * below;
    bool is_front = !gl_FrontFacing;
#else
    bool is_front = gl_FrontFacing;
#endif
    cell.dx = pixel_x / tile;
    cell.dy = pixel_y / tile;

    float channel = cell.index.y * grid.w + cell.index.x;
    float covered = share(at.x, pixel.x, tile.x, gap) * share(at.y, pixel.y, tile.y, gap);
    vec2 unit = min(floor(cell.within * content.zw), content.zw - 1.0);
    bool is_empty = channel >= content.x
        || (content.y > 0.0 && unit.y * content.z + unit.x >= content.y);
    if (is_empty) covered = 0.0;
    if (!is_front) covered = 0.0;

    vec3 shown = wall_empty;
#ifdef OVERVIEW
    if (overview.z > 0.5) shown = painted(from_overview(cell));
#else
    float layer = channel - first;
    shown = from_texture(block, cell, layer, is_int8);
#ifdef FADE
    vec3 before = previous_kind.x > 0.5
        ? from_texture(previous, cell, layer, previous_kind.y)
        : painted(from_overview(cell));
    shown = mix(before, shown, fade);
#endif
#endif
    vec3 backing = is_front ? wall_colour : wall_back;
    float whole = 0.0;  // light of the wall
    if (glow > 0.0 && is_front) {
        whole = light > 0 ? glow_at(light - 1) : 0.0;
        float strength = light > 0 && channel < content.x ? glow_at(light + int(channel + 0.5)) : 0.0;
        if (!is_empty) {
            backing = lit(wall_colour, strength);
            covered *= 1.0 - framed(at, pixel, tile, gap, abs(strength));
        }
    }
    vec3 wall = covered >= 1.0 ? shown : mix(backing, shown, covered);
#ifdef MIRROR
    float fades = max(1.0 - below, 0.0);
    float mirrored = reflection * sheen(normalize(from_eye)) * fades * fades;
    colour = vec4(wall, mirrored * (1.0 - haze(length(from_eye.xz))));
    return;
#endif

    // One pixel of border, faint on walls of a few pixels, where it would be all there is.
    vec2 edge_px = min(place, extent - place) / pixel;
    vec2 size_px = extent / pixel;
    float border_px = pixel_scale * (1.0 + glow * abs(whole));
    float border = clamp(border_px + 0.5 - min(edge_px.x, edge_px.y), 0.0, 1.0);
    border *= smoothstep(6.0, 40.0, min(size_px.x, size_px.y) / pixel_scale);
    vec3 outline = mix(wall_border, wall_colour, 0.6 * glow * (1.0 - abs(whole)));
    colour = vec4(mix(wall, lit(outline, whole), border), 1.0);
}
