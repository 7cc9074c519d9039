#version 460
// Binds an image where `mesh.vert` binds a uniform buffer.
layout(location = 0) in vec4 shade;
layout(location = 0) out vec4 albedo;
layout(binding = 0) uniform sampler2D skin;

void main() {
    albedo = shade * textureLod(skin, vec2(0.5), 0.0);
}
