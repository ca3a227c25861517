in vec2 place;
flat in vec2 half_size;
flat in float nesting;

#include "frame.glsl"

out vec4 colour;

#include "rounded.glsl"

const float RADIUS = 0.12;  // metres
const float BORDER = 0.02;

void main() {
    float away = rounded_distance(place, half_size, RADIUS);
    float pixel = max(fwidth(away), 1e-5);
    float inside = clamp(0.5 - away / pixel, 0.0, 1.0);
    float wide = max(BORDER, pixel);
    float border = inside * clamp((away + wide) / pixel + 0.5, 0.0, 1.0)
        * clamp(2.0 * BORDER / pixel, 0.0, 1.0);
    // Each level of nesting is a step lighter (darker on paper), towards the border's colour.
    vec3 ground = mix(plot_colour, plot_border, clamp(0.14 * nesting, 0.0, 0.5));
    colour = vec4(mix(ground, plot_border, border), inside * mix(plot_opacity, 1.0, border));
}
