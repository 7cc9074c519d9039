#version 460
// Fills a volume with its coordinates.
layout(local_size_x = 4, local_size_y = 4, local_size_z = 4) in;
layout(set = 0, binding = 0, r32ui) uniform writeonly uimage3D color;

void main() {
    ivec3 at = ivec3(gl_GlobalInvocationID);
    if (all(lessThan(at, imageSize(color)))) {
        imageStore(color, at, uvec4(uint(at.x + 16 * at.y + 256 * at.z)));
    }
}
