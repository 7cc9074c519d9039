#version 460
#extension GL_EXT_ray_tracing : require

// How far it is to the nearest cell.

layout(location = 0) rayPayloadInEXT float nearest;

void main() {
    nearest = gl_HitTEXT;
}
