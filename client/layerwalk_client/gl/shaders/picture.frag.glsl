in vec2 place;
in vec2 at;

uniform vec2 half_size;
uniform sampler2D picture;
uniform float alpha;
uniform float radius;
uniform float border;
uniform vec4 border_colour;

out vec4 colour;

#include "rounded.glsl"

void main() {
    float away = rounded_distance(place, half_size, radius);
    float pixel = max(fwidth(away), 1e-6);
    // Straight edges fall on pixels; only round ones, and slanted ones in the world, are softened.
    float inside = radius > 0.0 ? clamp(0.5 - away / pixel, 0.0, 1.0) : 1.0;
    vec4 shown = texture(picture, at);
    if (border > 0.0) {
        float rim = clamp((away + max(border, pixel)) / pixel + 0.5, 0.0, 1.0) * border_colour.a;
        shown = mix(shown, vec4(border_colour.rgb, 1.0), rim);
    }
    colour = shown * inside * alpha;
}
