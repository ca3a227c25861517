// A plain upright rectangle.
layout(location = 0) in vec4 place_yaw;   // centre, yaw
layout(location = 1) in vec4 shape;       // width, height, border, step towards the eye
layout(location = 2) in vec4 ground;
layout(location = 3) in vec4 edge;

#include "frame.glsl"

out vec2 place;
flat out vec4 board;
flat out vec4 ground_colour;
flat out vec4 edge_colour;

#include "layers.glsl"

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) - 0.5;
    board = shape;
    float away = (clip_from_world * vec4(place_yaw.xyz, 1.0)).w;
    // Half a pixel more on each side, for soft edges.
    place = corner * (shape.xy + 1.5 * max(away, 0.0) / focal_px);
    ground_colour = ground;
    edge_colour = edge;
    vec3 right = vec3(cos(place_yaw.w), 0.0, -sin(place_yaw.w));
    vec3 world = place_yaw.xyz + right * place.x + vec3(0.0, place.y, 0.0);
    gl_Position = in_layer(world, shape.w);
}
