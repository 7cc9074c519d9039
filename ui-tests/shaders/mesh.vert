#version 460
layout(location = 0) in vec3 position;
layout(location = 1) in vec4 tint;
layout(location = 0) out vec4 shade;
layout(std140, binding = 0) uniform Camera {
    mat4 view_projection;
} camera;

void main() {
    shade = tint;
    gl_Position = camera.view_projection * vec4(position, 1.0);
}
