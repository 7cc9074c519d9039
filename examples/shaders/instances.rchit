#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_EXT_scalar_block_layout : require

// A mesh's surface, its normal between those of the corners, in a colour of the instance's own.

struct Surface {
    vec3 normal;
    float t;
    vec3 color;
};

struct MeshVertex {
    vec3 position;
    vec3 normal;
    vec3 color;
};

layout(set = 0, binding = 2, scalar) readonly buffer Vertices { MeshVertex data[]; } vertices;
layout(set = 0, binding = 3, scalar) readonly buffer Indices { uint data[]; } indices;

layout(location = 0) rayPayloadInEXT Surface seen;
hitAttributeEXT vec2 hit;

vec3 normal_of(uint corner) {
    return vertices.data[indices.data[3 * gl_PrimitiveID + corner]].normal;
}

void main() {
    vec3 normal = normal_of(0) * (1.0 - hit.x - hit.y) + normal_of(1) * hit.x + normal_of(2) * hit.y;
    float hue = float(gl_InstanceCustomIndexEXT) * 0.618034;
    seen.color = 0.5 + 0.4 * cos(6.2831853 * (hue + vec3(0.0, 0.33, 0.67)));
    // Normals turn as the inverse of the transform does, transposed.
    seen.normal = normalize((normal * gl_WorldToObjectEXT).xyz);
    seen.t = gl_HitTEXT;
}
