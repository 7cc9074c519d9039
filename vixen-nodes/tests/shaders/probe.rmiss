#version 460
#extension GL_EXT_ray_tracing : require

// Nothing.

layout(location = 0) rayPayloadInEXT ivec4 seen;

void main() {
    seen = ivec4(-1);
}
