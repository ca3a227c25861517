in vec2 on_screen;

#include "frame.glsl"

out vec4 colour;

#include "dither.glsl"

void main() {
    vec4 far = direction_from_clip * vec4(on_screen, 1.0, 1.0);
    float elevation = normalize(far.xyz / far.w).y;
    vec3 sky = mix(sky_horizon, sky_top, smoothstep(0.0, 0.75, sqrt(max(elevation, 0.0))));
    colour = vec4(sky + dither(gl_FragCoord.xy), 1.0);
}
