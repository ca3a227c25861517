// A wall's rectangle, or with STRIP the triangles of one of its blocks; with MIRROR the rectangle as
// the floor shows it.
layout(location = 0) in uint wall;
#ifdef STRIP
layout(location = 1) in float first_channel;  // of the block
layout(location = 2) in vec2 corner;         // metres from the upper left corner, y down
#endif

#include "frame.glsl"
uniform samplerBuffer walls;  // five texels a wall, see walls.py

#ifdef STRIP
flat out float first;
#endif
#ifdef MIRROR
out vec3 from_eye;
out float below;         // metres under the floor, shares of what is shown

const float MIRRORED_M = 1.7;
#endif
out vec2 place;          // metres from the upper left corner, y down
flat out vec2 extent;    // width, height of the wall
flat out vec4 grid;      // width and height of a picture, gap, columns
flat out vec4 content;   // channels, cells of a vector, width and height of a picture at level 0
flat out int light;      // place of the first channel's light; under 1: none
flat out vec4 overview;  // cell of the upper left corner on its page, 0 none, 1 values, 2 shares; rows

void main() {
    int record = int(wall) * 5;
    vec4 origin = texelFetch(walls, record);
    vec4 plane = texelFetch(walls, record + 1);
    grid = texelFetch(walls, record + 2);
    content = texelFetch(walls, record + 3);
    overview = texelFetch(walls, record + 4);
    extent = plane.zw;
    light = int(origin.w) - 1;
#ifdef STRIP
    place = corner;
    first = first_channel;
#else
    place = vec2(gl_VertexID >> 1, gl_VertexID & 1) * extent;
#ifdef MIRROR
    place.y = max(place.y, extent.y - MIRRORED_M);  // the foot of the wall, no more
#endif
#endif
    vec3 world = origin.xyz + vec3(plane.x, 0.0, plane.y) * place.x - vec3(0.0, place.y, 0.0);
#ifdef MIRROR
    world.y = -world.y;
    from_eye = world - eye;
    below = -world.y / MIRRORED_M;
#endif
    gl_Position = clip_from_world * vec4(world, 1.0);
}
