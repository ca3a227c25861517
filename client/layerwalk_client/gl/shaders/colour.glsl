// A value becomes a colour: the rule of layerwalk_shared.colours, entry for entry.
uniform sampler2D table;         // 256 x 1, exact entries
// Expects frame.glsl: is_diverging (entry 128 is zero, else entry 0) and the marking colours.

// float16 rounds up by at most 2^-11, so the largest value of a range is not called outside it.
const float RANGE_SLACK = 1.0009765625;

// `value` in units of the range: 1 is the end of the table.
vec3 colour_of(float value) {
    bool is_nan = isnan(value);
    float known = is_nan ? 0.0 : value;
    float entry = is_diverging
        ? 128.0 + roundEven(clamp(known, -1.0, 1.0) * 127.0)
        : roundEven(clamp(known, 0.0, 1.0) * 255.0);
    vec3 colour = texelFetch(table, ivec2(int(entry), 0), 0).rgb;
    if (marks_out_of_range) {
        float lowest = is_diverging ? -RANGE_SLACK : 0.0;
        colour = known > RANGE_SLACK ? above_colour : colour;
        colour = known < lowest ? below_colour : colour;
        colour = is_nan ? nan_colour : colour;
    }
    return colour;
}
