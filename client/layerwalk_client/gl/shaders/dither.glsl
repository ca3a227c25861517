// A fixed pattern of half an 8-bit step, so that dark gradients show no bands.
float dither(vec2 pixel) {
    // Interleaved gradient noise (Jimenez, SIGGRAPH 2014, "Next generation post processing").
    float noise = fract(52.9829189 * fract(dot(floor(pixel), vec2(0.06711056, 0.00583715))));
    return (noise - 0.5) / 255.0;
}
