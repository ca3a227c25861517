in vec2 place;
flat in vec2 half_size;
flat in float nesting;
in vec2 from_eye;

#include "frame.glsl"

out vec4 colour;

#include "rounded.glsl"
#include "sky.glsl"

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
    float aside = max(length(from_eye), 1e-4);
    vec3 seen = mix(mix(ground, plot_border, border), horizon_at(from_eye / aside), haze(aside));
    colour = vec4(seen, inside * mix(plot_opacity, 1.0, border));
}
