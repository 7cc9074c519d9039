#version 460

// A corner of a mesh, seen by a camera.

layout(set = 0, binding = 0, std140) uniform Camera {
    mat4 view_projection;
} camera;

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 color;

layout(location = 0) out vec3 surface_normal;
layout(location = 1) out vec3 surface_color;

void main() {
    gl_Position = camera.view_projection * vec4(position, 1.0);
    surface_normal = normal;
    surface_color = color;
}
