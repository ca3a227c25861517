// A glyph of a label, as a rectangle in the label's plane.
layout(location = 0) in vec4 box;    // left, bottom, right, top; metres from the anchor
layout(location = 1) in vec4 part;   // the same edges in the atlas, texels
layout(location = 2) in uint label;
layout(location = 3) in float shown; // opacity

#include "frame.glsl"
uniform samplerBuffer labels;  // three texels a label: position, plane; right, yaw; colour

out vec2 texel;
flat out vec4 tint;

#include "layers.glsl"

const float TEXT_LAYER = 12.0;  // over boards and walls in the same plane

void main() {
    int first = int(label) * 3;
    vec4 place = texelFetch(labels, first);
    vec4 turned = texelFetch(labels, first + 1);
    vec3 right = turned.xyz;
    tint = texelFetch(labels, first + 2);
    tint.a *= shown;
    vec3 up = vec3(0.0, 1.0, 0.0);
    if (place.w > 2.5) {
        up = vec3(-cos(turned.w), 0.0, sin(turned.w));  // right is up: a column
    } else if (place.w > 1.5) {
        // Parallel to the picture, so that its lines are level: the rows of the matrix are the
        // eye's axes, scaled.
        right = normalize(vec3(clip_from_world[0][0], clip_from_world[1][0], clip_from_world[2][0]));
        up = vec3(clip_from_world[0][1], clip_from_world[1][1], clip_from_world[2][1]);
        up = normalize(up - right * dot(up, right));
    } else if (place.w > 0.5) {
        up = vec3(right.z, 0.0, -right.x);  // flat on the floor
    }
    vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1);
    vec2 at = mix(box.xy, box.zw, corner);
    texel = mix(part.xy, part.zw, corner);
    gl_Position = in_layer(place.xyz + right * at.x + up * at.y, TEXT_LAYER);
}
