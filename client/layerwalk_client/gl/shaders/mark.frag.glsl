in vec2 place;
flat in vec2 half_size;

uniform float opacity;

#include "frame.glsl"

const float WIDTH_PX = 2.0;

out vec4 colour;

void main() {
    vec2 pixel = max(abs(dFdx(place)) + abs(dFdy(place)), vec2(1e-7));
    vec2 beyond = (abs(place) - half_size) / pixel;
    float away = max(beyond.x, beyond.y);
    float drawn = clamp(away + 0.5, 0.0, 1.0) * clamp(WIDTH_PX * pixel_scale + 0.5 - away, 0.0, 1.0);
    if (drawn <= 0.0) discard;
    colour = vec4(mark_colour, opacity * drawn);
}
