// One side of a wall as a line a pixel wide just outside it, whose softness hides the steps that the
// wall's own edge has. Four instances a wall.
layout(location = 0) in uint wall;

#include "frame.glsl"
#include "glow.glsl"
uniform samplerBuffer walls;  // five texels a wall, see walls.py
uniform vec2 size_px;         // of the picture

noperspective out float outside;  // pixels from the edge, outwards
flat out float border;            // 1: the border's colour, 0: the backing's
flat out float light;             // of the wall, -1..1

#include "layers.glsl"

const float ROOM_PX = 1.0;
const float OVERLAP_PX = 0.1;

void main() {
    int record = int(wall) * 5;
    vec4 corner = texelFetch(walls, record);
    vec3 origin = corner.xyz;
    light = glow > 0.0 && corner.w > 1.5 ? glow_at(int(corner.w) - 2) : 0.0;
    vec4 plane = texelFetch(walls, record + 1);
    vec3 right = vec3(plane.x, 0.0, plane.y) * plane.z;
    vec3 down = vec3(0.0, -plane.w, 0.0);
    vec3 normal = vec3(-plane.y, 0.0, plane.x);
    // Clockwise from the upper left corner, seen from the front.
    int side = gl_InstanceID & 3;
    vec3 start = origin + (side == 1 || side == 2 ? right : vec3(0.0)) + (side >= 2 ? down : vec3(0.0));
    vec3 end = origin + (side <= 1 ? right : vec3(0.0)) + (side == 1 || side == 2 ? down : vec3(0.0));
    vec4 one = in_layer(start, 1.0), two = in_layer(end, 1.0);
    // What lies behind the near plane is cut off before it is projected.
    float one_room = one.z + one.w, two_room = two.z + two.w;
    if (one_room < 0.0) one = mix(one, two, clamp(one_room / (one_room - two_room), 0.0, 1.0));
    else if (two_room < 0.0) two = mix(two, one, clamp(two_room / (two_room - one_room), 0.0, 1.0));
    if (max(one_room, two_room) <= 0.0) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        outside = border = 0.0;
        return;
    }
    vec3 first = one.xyz / one.w, second = two.xyz / two.w;
    vec2 along = (second.xy - first.xy) * size_px;
    along /= max(length(along), 1e-6);
    vec2 outwards = vec2(-along.y, along.x) * (dot(eye - origin, normal) > 0.0 ? 1.0 : -1.0);
    bool is_end = (gl_VertexID & 1) == 1, is_outer = gl_VertexID >= 2;
    outside = is_outer ? ROOM_PX : -OVERLAP_PX;
    vec3 at = is_end ? second : first;
    at.xy += (outwards * outside + along * (is_end ? 0.5 : -0.5)) * 2.0 / size_px;
    gl_Position = vec4(at, 1.0);
    float smaller_px = min(plane.z, plane.w) * focal_px / max(0.5 * (one.w + two.w), 1e-3);
    border = smoothstep(6.0, 40.0, smaller_px / pixel_scale);
}
