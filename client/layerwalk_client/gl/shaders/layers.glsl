// Things in one plane are kept apart by depth alone: the depth of a point a little nearer to the
// eye, at the same place of the picture. A step is a share of the distance, so it holds at any.
const float LAYER_STEP = 3e-4;

vec4 in_layer(vec3 world, float layer) {
    vec4 clip = clip_from_world * vec4(world, 1.0);
    vec4 nearer = clip_from_world * vec4(mix(world, eye, LAYER_STEP * layer), 1.0);
    clip.z = nearer.z / max(nearer.w, 1e-6) * clip.w;
    return clip;
}
