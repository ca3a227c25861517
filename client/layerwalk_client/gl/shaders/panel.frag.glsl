in vec2 at;
in vec4 shade;

uniform sampler2D picture;

out vec4 colour;

void main() {
    vec4 found = shade * texture(picture, at);
    colour = vec4(found.rgb * found.a, found.a);
}
