// A square of the floor around the eye.
#include "frame.glsl"

out vec2 place;  // world x, z

void main() {
    place = eye.xz + (vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0) * reach;
    gl_Position = clip_from_world * vec4(place.x, 0.0, place.y, 1.0);
}
