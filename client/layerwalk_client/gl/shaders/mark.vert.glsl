// A frame around a rectangle of a wall's plane.
#include "frame.glsl"
uniform vec3 origin;       // the wall's upper left corner
uniform vec3 right;        // unit vector
uniform vec4 rectangle;    // left, top, right, bottom; metres from the corner, y down

out vec2 place;            // metres from the rectangle's centre
flat out vec2 half_size;

#include "layers.glsl"

void main() {
    vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1);
    vec2 at = mix(rectangle.xy, rectangle.zw, corner);
    float away = (clip_from_world * vec4(origin + right * at.x - vec3(0.0, at.y, 0.0), 1.0)).w;
    // Room for the frame outside the rectangle, enough at a slant too.
    at += (corner * 2.0 - 1.0) * 16.0 * pixel_scale * max(away, 0.05) / focal_px;
    half_size = 0.5 * (rectangle.zw - rectangle.xy);
    place = at - 0.5 * (rectangle.xy + rectangle.zw);
    gl_Position = in_layer(origin + right * at.x - vec3(0.0, at.y, 0.0), 6.0);
}
