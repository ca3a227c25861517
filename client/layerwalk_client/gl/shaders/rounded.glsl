// Metres (or pixels) from the border of a rectangle with round corners, negative inside.
float rounded_distance(vec2 place, vec2 half_size, float radius) {
    float round_by = min(radius, min(half_size.x, half_size.y));
    vec2 beyond = abs(place) - half_size + round_by;
    return length(max(beyond, 0.0)) + min(max(beyond.x, beyond.y), 0.0) - round_by;
}
