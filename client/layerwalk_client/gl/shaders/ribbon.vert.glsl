// An edge on the floor: its centre line, widened to both sides.
layout(location = 0) in vec3 centre;
layout(location = 1) in vec3 side;     // unit vector across times mitre, times the half width
layout(location = 2) in vec4 along;    // -1 or 1 across, metres from the source, length, half width
layout(location = 3) in ivec4 ends;    // network, source, target, number of the ribbon

#include "frame.glsl"
#include "glow.glsl"
uniform int first_light;  // place of the first ribbon's
uniform ivec3 lit[4];     // network, node, light in thousandths; -1 = none

out vec4 course;       // across, metres along, length, half width
flat out vec3 tint;
flat out float strength;  // 0 plain, 1 next to the selection, between: pointed at, fading
flat out float dimmed;    // of the opacity, where a signal is followed and passes elsewhere
out float thinned;     // share of its own width where that is under a pixel, less what air hides

#include "sky.glsl"

void main() {
    vec4 clip = clip_from_world * vec4(centre, 1.0);
    // Never thinner than a pixel and a half: wider and fainter instead.
    float metres_per_px = max(clip.w, 1e-3) / focal_px;
    float widened = max(1.0, 0.75 * pixel_scale * metres_per_px / along.w);
    thinned = 1.0 / widened;
    gl_Position = clip_from_world * vec4(centre + side * widened * along.x, 1.0);
    course = along;
    float towards = 0.0, away = 0.0;
    for (int place = 0; place < 4; place++) {
        float light = float(lit[place].z) / 1000.0;
        if (lit[place].x != ends.x) continue;
        if (lit[place].y == ends.z) towards = max(towards, light);
        if (lit[place].y == ends.y) away = max(away, light);
    }
    strength = max(towards, away);
    thinned *= 1.0 - (0.8 - 0.5 * strength) * haze(distance(centre.xz, eye.xz));
    tint = mix(ribbon_colour, towards >= away ? towards_colour : away_colour, strength);
    dimmed = 1.0;
    if (glow > 0.0) {
        float light = glow_at(first_light + ends.w);
        vec3 hue = light < 0.0 ? away_colour : towards_colour;
        tint = mix(tint, mix(ribbon_colour, hue, smoothstep(0.0, 0.12, abs(light))), glow);
        strength = mix(strength, abs(light), glow);
        dimmed = mix(1.0, mix(0.25, 1.0, smoothstep(0.0, 0.5, abs(light))), glow);
    }
}
