in vec2 on_screen;

uniform mat4 world_from_clip;  // of directions: the eye is at the origin
uniform vec3 top_colour;
uniform vec3 horizon_colour;

out vec4 colour;

#include "dither.glsl"

void main() {
    vec4 far = world_from_clip * vec4(on_screen, 1.0, 1.0);
    float elevation = normalize(far.xyz / far.w).y;
    vec3 sky = mix(horizon_colour, top_colour, smoothstep(0.0, 0.75, sqrt(max(elevation, 0.0))));
    colour = vec4(sky + dither(gl_FragCoord.xy), 1.0);
}
