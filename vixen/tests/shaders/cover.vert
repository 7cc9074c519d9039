#version 460
// One triangle over everything, at a depth of its own.
layout(push_constant) uniform Params { vec4 tint; float depth; } params;

void main() {
    vec2 corner = vec2(gl_VertexIndex == 1 ? 3.0 : -1.0, gl_VertexIndex == 2 ? 3.0 : -1.0);
    gl_Position = vec4(corner, params.depth, 1.0);
}
