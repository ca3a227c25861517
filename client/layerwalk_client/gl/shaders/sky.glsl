// The light behind everything: dark above, a glow along the horizon that is strongest where the data
// go (-z), so that one knows from anywhere where the answer lies.

// The horizon in a direction of the floor, a unit vector (x, z).
vec3 horizon_at(vec2 way) {
    float ahead = 0.5 - 0.5 * way.y;
    return mix(sky_horizon, sky_glow, mix(0.30, 1.0, ahead * ahead));
}

// The sky in a direction, a unit vector.
vec3 sky_of(vec3 way) {
    float up = max(way.y, 0.0);
    vec3 horizon = horizon_at(way.xz / max(length(way.xz), 1e-4));
    float glow = 0.5 * exp(-up * 15.0) + 0.5 * exp(-up * 4.5);
    return mix(mix(sky_horizon, sky_top, smoothstep(0.0, 0.75, sqrt(up))), horizon, glow);
}

// Share of the ground that the air hides; what stands on it is never touched.
float haze(float metres) {
    return 1.0 - exp(-metres * (0.5 + metres / 45.0) / 210.0);
}

// How much the floor mirrors, seen along a unit vector: little from above, much at a slant.
float sheen(vec3 way) {
    float aslant = 1.0 - min(abs(way.y), 1.0);
    return aslant * aslant * aslant;
}
