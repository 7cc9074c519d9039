#version 460
// A triangle over everything, from no vertex buffer.
layout(location = 0) out vec4 shade;

void main() {
    vec2 corner = vec2(gl_VertexIndex % 2, gl_VertexIndex / 2) * 4.0 - 1.0;
    gl_Position = vec4(corner, 0.0, 1.0);
    shade = vec4(1.0);
}
