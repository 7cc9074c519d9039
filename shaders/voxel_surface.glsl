// What a voxel of the brick map looks like. Include voxel_trace.glsl first.

#include "voxel_looks.glsl"

const uint LOOKS_STORED = 0x80000000u;

// Solid voxels before this one in its brick: bits before it in the masks of its octets.
uint voxel_rank(Brick brick, uint number) {
    if (brick.first == SOLID) {
        return number;
    }
    uint at = brick.first + rank(brick.mask, number >> 3);
    uint last = at >> 2;
    // Without what belongs to the brick before.
    uint from = 0xFFFFFFFFu << (8u * (brick.first & 3u));
    uint before = 0u;
    for (uint word = brick.first >> 2; word < last; ++word) {
        before += bitCount(masks.data[word] & from);
        from = 0xFFFFFFFFu;
    }
    return before + bitCount(masks.data[last] & from & ((1u << (8u * (at & 3u) + (number & 7u))) - 1u));
}

uint attribute_byte(uint word, uint index) {
    return attributes.data[word + (index >> 2)] >> (8u * (index & 3u)) & 255u;
}

// The material of a brick's solid voxel of this rank, whose looks are stored from a word on.
uint material_index(uint word, uint head, uint rank) {
    switch (head >> 8 & 3u) {
        case 0u: return head & 255u;
        case 1u: return attribute_byte(word + 1u, attributes.data[word + 5u + (rank >> 3)] >> (4u * (rank & 7u)) & 15u);
        default: return attribute_byte(word + 1u, rank);
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
    if (brick.looks >> 30 == 1u) {
        uint bits = brick.looks >> 8 & 0xFFFFu;
        normal = bits == 0xFFFFu ? normal : unpack_normal(bits);
        return palette.data[brick.looks & 255u];
    }
#endif
    if ((brick.looks & LOOKS_STORED) == 0u) {
        return palette.data[brick.looks & 255u];
    }
    uint word = brick.looks & ~LOOKS_STORED;
    uint head = attributes.data[word];
    uint rank = voxel_rank(brick, morton3(uvec3(hit.voxel)));
    if (head >> 16 != 0u) {
        uint bits = attributes.data[word + (head >> 16) + (rank >> 1)] >> (16u * (rank & 1u)) & 0xFFFFu;
        normal = bits == 0xFFFFu ? normal : unpack_normal(bits);
    }
    return palette.data[material_index(word, head, rank)];
}
