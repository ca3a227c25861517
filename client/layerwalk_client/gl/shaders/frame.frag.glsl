in vec2 place;
flat in vec2 half_size;

uniform vec4 frame_colour;
uniform float width_px;

out vec4 colour;

void main() {
    vec2 pixel = max(abs(dFdx(place)) + abs(dFdy(place)), vec2(1e-7));
    vec2 beyond = (abs(place) - half_size) / pixel;
    float away = max(beyond.x, beyond.y);
    float drawn = clamp(away + 0.5, 0.0, 1.0) * clamp(width_px + 0.5 - away, 0.0, 1.0);
    if (drawn <= 0.0) discard;
    colour = vec4(frame_colour.rgb, frame_colour.a * drawn);
}
