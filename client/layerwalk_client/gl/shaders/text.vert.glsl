// A glyph of a label, as a rectangle in the label's plane; labels.py does the same, step for step.
layout(location = 0) in vec4 box;    // left, bottom, right, top; metres from the anchor
layout(location = 1) in vec4 part;   // the same edges in the atlas, texels
layout(location = 2) in uint label;
layout(location = 3) in float shown; // opacity

#include "frame.glsl"
// Four texels a label: position, plane; yaw, height of a capital, growth and way to the right at
// most; colour; box.
uniform samplerBuffer labels;
uniform float least_angle;  // between the ray of sight and what lies on the floor
uniform float grown_px;     // height that labels keep by growing

out vec2 texel;
flat out vec4 tint;

#include "layers.glsl"

const float TEXT_LAYER = 12.0;  // over boards and walls in the same plane

void main() {
    int first = int(label) * 4;
    vec4 place = texelFetch(labels, first);
    vec4 kind = texelFetch(labels, first + 1);
    tint = texelFetch(labels, first + 2);
    tint.a *= shown;
    vec4 whole = texelFetch(labels, first + 3);
    vec3 right = vec3(cos(kind.x), 0.0, -sin(kind.x));
    vec3 up = vec3(0.0, 1.0, 0.0);
    bool lies = place.w > 0.5 && place.w < 1.5;
    if (place.w > 2.5) {
        up = -right;  // right is up: a column
        right = vec3(0.0, 1.0, 0.0);
    } else if (place.w > 1.5) {
        // Parallel to the picture, so that its lines are level: the rows of the matrix are the
        // eye's axes, scaled.
        right = normalize(vec3(clip_from_world[0][0], clip_from_world[1][0], clip_from_world[2][0]));
        up = vec3(clip_from_world[0][1], clip_from_world[1][1], clip_from_world[2][1]);
        up = normalize(up - right * dot(up, right));
    } else if (lies) {
        up = vec3(right.z, 0.0, -right.x);
    }
    float wide = whole.z - whole.x;
    float slid = 0.0;
    if (kind.w > 0.0) {
        slid = smoothstep(0.0, 1.0, dot(eye - place.xyz, right) - kind.w - wide);
        place.xyz += right * slid * kind.w;
    }
    vec2 centre = 0.5 * (whole.xy + whole.zw);
    vec3 middle = place.xyz + right * centre.x + up * centre.y;
    vec3 to_eye = eye - middle;
    float away = max(length(to_eye), 1e-3);
    float foreshortened = 1.0;
    if (lies) {
        if (dot(to_eye, up) > 0.0) {  // seen from behind: turned round
            place.xyz = 2.0 * middle - place.xyz;
            right = -right;
            up = -up;
        }
        float elevation = asin(clamp(to_eye.y / away, -1.0, 1.0));
        float lean = clamp(least_angle - elevation, 0.0, least_angle);
        up = cos(lean) * up + vec3(0.0, sin(lean), 0.0);
        foreshortened = max(sin(max(elevation, 0.0) + lean), 0.5);
    }
    float own_px = kind.y * focal_px / pixel_scale / away * foreshortened;
    float growth = clamp(grown_px / own_px, 1.0, kind.z);
    vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1);
    vec2 at = mix(box.xy, box.zw, corner) * growth;
    at.x += (1.0 - growth) * slid * wide;
    if (lies) at.y += (1.0 - growth) * whole.w;  // towards the reader, away from the walls
    texel = mix(part.xy, part.zw, corner);
    gl_Position = in_layer(place.xyz + right * at.x + up * at.y, TEXT_LAYER);
}
