// A textured rectangle; in the world, or on the screen when clip_from_world takes pixels.
uniform mat4 clip_from_world;
uniform vec3 centre;
uniform vec3 half_right;
uniform vec3 half_up;
uniform vec2 half_size;
uniform vec4 uv_part;  // left, top, right, bottom

out vec2 place;  // from the centre, same unit as half_size
out vec2 at;

void main() {
    vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1) * 2.0 - 1.0;
    place = corner * half_size;
    at = mix(uv_part.xy, uv_part.zw, vec2(corner.x, -corner.y) * 0.5 + 0.5);
    gl_Position = clip_from_world * vec4(centre + half_right * corner.x + half_up * corner.y, 1.0);
}
