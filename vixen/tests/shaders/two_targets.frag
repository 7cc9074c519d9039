#version 460
layout(push_constant) uniform Params { vec4 tint; float depth; } params;
layout(location = 0) out vec4 first;
layout(location = 1) out vec4 second;

void main() {
    first = params.tint;
    second = params.tint.abgr;
}
