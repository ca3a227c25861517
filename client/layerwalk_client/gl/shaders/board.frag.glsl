in vec2 place;
flat in vec4 board;
flat in vec4 ground_colour;
flat in vec4 edge_colour;

#include "frame.glsl"

out vec4 colour;

void main() {
    vec2 pixel = max(abs(dFdx(place)) + abs(dFdy(place)), vec2(1e-6));
    vec2 inside = (0.5 * board.xy - abs(place)) / pixel;
    // The border is drawn at least a pixel wide where there is one.
    vec2 wide = max(vec2(board.z) / pixel, vec2(pixel_scale));
    float border = board.z > 0.0
        ? clamp(max(wide.x - inside.x, wide.y - inside.y) + 0.5, 0.0, 1.0) : 0.0;
    vec2 covered = clamp(inside + 0.5, 0.0, 1.0);
    colour = mix(ground_colour, edge_colour, border * step(0.001, edge_colour.a));
    colour.a *= covered.x * covered.y;
    if (colour.a <= 0.0) discard;
}
