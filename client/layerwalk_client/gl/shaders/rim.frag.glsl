noperspective in float outside;
flat in float border;

#include "frame.glsl"

out vec4 colour;

void main() {
    colour = vec4(mix(wall_colour, wall_border, border), clamp(1.0 - outside, 0.0, 1.0));
}
