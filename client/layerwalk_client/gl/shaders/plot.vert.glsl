// A group's ground on the floor.
layout(location = 0) in vec4 bounds;  // x0, z0, x1, z1
layout(location = 1) in float depth;  // nesting, 0 is outermost

#include "frame.glsl"

out vec2 place;  // metres from the centre
flat out vec2 half_size;
flat out float nesting;
out vec2 from_eye;  // world x, z

void main() {
    vec2 at = mix(bounds.xy, bounds.zw, vec2(gl_VertexID & 1, gl_VertexID >> 1));
    half_size = (bounds.zw - bounds.xy) * 0.5;
    place = at - (bounds.xy + bounds.zw) * 0.5;
    nesting = depth;
    from_eye = at - eye.xz;
    gl_Position = clip_from_world * vec4(at.x, 0.0, at.y, 1.0);
}
