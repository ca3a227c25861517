in vec2 on_screen;

#include "frame.glsl"

out vec4 colour;

#include "dither.glsl"
#include "sky.glsl"

void main() {
    vec4 far = direction_from_clip * vec4(on_screen, 1.0, 1.0);
    colour = vec4(sky_of(normalize(far.xyz / far.w)) + dither(gl_FragCoord.xy), 1.0);
}
