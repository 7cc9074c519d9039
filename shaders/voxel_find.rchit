#version 460
#extension GL_EXT_ray_tracing : require

// The number of the nearest cell.

layout(location = 0) rayPayloadInEXT uint nearest;

void main() {
    nearest = gl_PrimitiveID;
}
