// What a voxel of the brick map looks like. Include voxel_trace.glsl first.

#include "voxel_looks.glsl"

// Solid voxels before this one in its brick.
uint voxel_rank(uint mask, uint number) {
    if (mask == SOLID) {
        return number;
    }
    uint before = 0u;
    for (uint group = 0u; group < number >> 6; ++group) {
        uvec2 words = masks.data[mask].groups[group];
        before += bitCount(words.x) + bitCount(words.y);
    }
    return before + rank(masks.data[mask].groups[number >> 6], number & 63u);
}

uint attribute_byte(uint word, uint index) {
    return attributes.data[word + (index >> 2)] >> (8u * (index & 3u)) & 255u;
}

uint material_index(Brick brick, uint rank) {
    uint word = brick.materials & 0x3FFFFFFFu;
    switch (brick.materials >> 30) {
        case 0u: return brick.materials & 255u;
        case 1u: return attribute_byte(word, attributes.data[word + 4u + (rank >> 3)] >> (4u * (rank & 7u)) & 15u);
        default: return attribute_byte(word, rank);
    }
}

// The material of the voxel that was hit, and the direction that its surface faces: its own where it has one, else its face's.
Material surface(Hit hit, out vec3 normal) {
    normal = face_normal(hit.face);
    if (hit.brick == NO_BRICK) {
        return palette.data[hit.material];
    }
    Brick brick = bricks.data[hit.brick];
#ifdef USES
    // What stands in for voxels that are not there.
    if (brick.materials >> 30 == 3u) {
        uint bits = brick.materials >> 8 & 0xFFFFu;
        normal = bits == 0xFFFFu ? normal : unpack_normal(bits);
        return palette.data[brick.materials & 255u];
    }
#endif
    uint rank = voxel_rank(brick.mask, morton3(uvec3(hit.voxel)));
    if (brick.normals != 0xFFFFFFFFu) {
        uint bits = attributes.data[brick.normals + (rank >> 1)] >> (16u * (rank & 1u)) & 0xFFFFu;
        normal = bits == 0xFFFFu ? normal : unpack_normal(bits);
    }
    return palette.data[material_index(brick, rank)];
}
