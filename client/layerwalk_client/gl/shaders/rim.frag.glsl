noperspective in float outside;
flat in float border;
flat in float light;

#include "frame.glsl"

out vec4 colour;

void main() {
    vec3 outline = mix(wall_border, wall_colour, 0.6 * glow * (1.0 - abs(light)));
    outline = mix(outline, light < 0.0 ? away_colour : towards_colour, abs(light) * glow);
    colour = vec4(mix(wall_colour, outline, border), clamp(1.0 - outside, 0.0, 1.0));
}
