#version 460
layout(location = 0) in vec4 shade;
layout(location = 0) out vec4 albedo;
layout(location = 1) out uint object;

void main() {
    albedo = shade;
    object = 1;
}
