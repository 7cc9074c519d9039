#version 460

// One light from far away, and some from the sky.

layout(push_constant, std430) uniform Light {
    vec3 towards;
    float ambient;
} light;

layout(location = 0) in vec3 surface_normal;
layout(location = 1) in vec3 surface_color;

layout(location = 0) out vec4 color;

void main() {
    vec3 normal = normalize(surface_normal);
    float direct = max(dot(normal, light.towards), 0.0);
    float sky = light.ambient * (0.5 + 0.5 * normal.y);
    color = vec4(surface_color * (direct + sky), 1.0);
}
