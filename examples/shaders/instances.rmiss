#version 460
#extension GL_EXT_ray_tracing : require

// The sky.

struct Surface {
    vec3 normal;
    float t;
    vec3 color;
};

layout(location = 0) rayPayloadInEXT Surface seen;

void main() {
    seen.t = -1.0;
}
