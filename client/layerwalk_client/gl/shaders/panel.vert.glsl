// Dear ImGui's triangles, in pixels from the upper left corner.
layout(location = 0) in vec2 position;
layout(location = 1) in vec2 uv;
layout(location = 2) in vec4 tint;

uniform vec4 clip_from_pixels;  // scale x, y, offset x, y

out vec2 at;
out vec4 shade;

void main() {
    at = uv;
    shade = tint;
    gl_Position = vec4(position * clip_from_pixels.xy + clip_from_pixels.zw, 0.0, 1.0);
}
