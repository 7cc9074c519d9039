#version 460
#extension GL_EXT_ray_tracing : require

// Which instance, which triangle, at which z; of the first kind.

layout(location = 0) rayPayloadInEXT ivec4 seen;

void main() {
    seen = ivec4(gl_InstanceCustomIndexEXT, gl_PrimitiveID, int(round(gl_HitTEXT - 16.0)), 0);
}
