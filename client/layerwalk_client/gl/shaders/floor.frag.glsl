in vec2 place;

#include "frame.glsl"

out vec4 colour;

#include "dither.glsl"
#include "sky.glsl"

// Lines of width `line` (share of a period) at whole numbers of `at`: never thinner than a pixel,
// fainter instead (after Golus, "The best darn grid shader (yet)", 2023).
float lines(vec2 at, float line) {
    vec2 pixel = max(abs(dFdx(at)) + abs(dFdy(at)), vec2(1e-6));
    vec2 wide = clamp(vec2(line), pixel, vec2(0.5));
    vec2 soft = pixel * 1.5;
    vec2 away = 1.0 - abs(fract(at) * 2.0 - 1.0);
    vec2 drawn = smoothstep(wide + soft, wide - soft, away) * clamp(line / wide, 0.0, 1.0);
    drawn = mix(drawn, vec2(line), clamp(pixel * 2.0 - 1.0, 0.0, 1.0));
    return mix(drawn.x, 1.0, drawn.y);
}

void main() {
    vec3 from_eye = vec3(place.x, 0.0, place.y) - eye;
    float aside = max(length(from_eye.xz), 1e-4);
    float away = length(from_eye);
    float fine = lines(place, 0.02) * fine_opacity * exp(-away / 50.0);
    float coarse = lines(place / 10.0, 0.003) * coarse_opacity * exp(-away / 160.0);
    vec3 horizon = horizon_at(from_eye.xz / aside);
    vec3 ground = mix(floor_colour, horizon, 0.5 * sheen(from_eye / away) * aside / away);
    ground = mix(ground, line_colour, fine + coarse - fine * coarse);
    colour = vec4(mix(ground, horizon, haze(aside)) + dither(gl_FragCoord.xy), 1.0);
}
