#version 460
layout(push_constant) uniform Params { vec4 tint; float depth; } params;
layout(location = 0) out vec4 color;

void main() {
    color = params.tint;
}
