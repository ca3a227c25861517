in vec2 texel;
flat in vec4 tint;

uniform sampler2D atlas;  // distances: 128 / 255 on the outline
#include "frame.glsl"
uniform float spread;     // texels that the distance reaches

out vec4 colour;

const float HALO_OPACITY = 0.8;

void main() {
    float distance_texels = (texture(atlas, texel / vec2(textureSize(atlas, 0))).r - 128.0 / 255.0)
        * (255.0 / 127.0) * spread;
    // Texels a pixel spans across the outline: the field's own slope on the screen, kept within
    // what the two axes of the pixel span, where the field is flat or has a ridge.
    float across = length(vec2(dFdx(texel.x), dFdx(texel.y)));
    float down = length(vec2(dFdy(texel.x), dFdy(texel.y)));
    float slope = length(vec2(dFdx(distance_texels), dFdy(distance_texels)));
    float pixel = clamp(slope, 0.7 * min(across, down), max(across, down));
    // Small bright text on dark ground loses weight to the eye; give a little back.
    float weight = 0.12 * clamp(pixel / 4.0 - 0.25, 0.0, 1.0);
    float share = clamp(distance_texels / max(pixel, 1e-4) + 0.5 + weight, 0.0, 1.0);
    // A soft shade of the ground's colour around the letters, so that they read over data too.
    float reach = min(max(2.5 * pixel, 0.45 * spread), spread);
    float shade = smoothstep(-reach, 0.0, distance_texels) * HALO_OPACITY;
    float alpha = share + (1.0 - share) * shade;
    if (alpha <= 0.0) discard;
    colour = vec4(mix(sky_top, tint.rgb, share / alpha), tint.a * alpha);
}
