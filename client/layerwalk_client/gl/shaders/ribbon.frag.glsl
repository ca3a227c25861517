in vec4 course;
flat in vec3 tint;
flat in float strength;
flat in float dimmed;
in float thinned;

out vec4 colour;

const float STRIDE = 0.9;  // metres from one arrow to the next

void main() {
    float across = course.x, along = course.y, length_m = course.z, half_width = course.w;
    float pixel = max(fwidth(across), 1e-4);
    float edge = clamp((1.0 - abs(across)) / pixel + 0.25, 0.0, 1.0);
    // Brighter towards the target, and in slow arrow-shaped ramps on the way.
    float way = along / max(length_m, 1e-3);
    float phase = (along + (1.0 - abs(across)) * half_width) / STRIDE;
    float blur = fwidth(along) / STRIDE;
    float ramp = fract(phase);
    float tip = smoothstep(1.0 - clamp(1.5 * blur, 0.02, 0.5), 1.0, ramp);
    float arrow = mix(mix(ramp, 0.0, tip), 0.45, clamp(blur * 2.0, 0.0, 1.0));
    float light = mix(0.55, 0.95, way) * mix(0.62, 1.0, arrow);
    float ends = smoothstep(0.0, 0.25, along) * smoothstep(0.0, 0.08, length_m - along);
    float opacity = mix(light, 0.35 + 0.65 * light, strength) * edge * thinned * ends * dimmed;
    colour = vec4(tint, opacity);
}
