// The occupancy of a scene in GPU memory. vixen-nodes/src/voxel/layout.rs explains every word of it.
// Uses bindings 1 to 3 of set 0.

const uint SOLID = 0xFFFFFFFFu;

#include "voxel_morton.glsl"

struct Node {
    uvec2 mask;
    uint first;
    uint material;
};

struct Brick {
    uvec2 mask;
    uint first;
    uint looks;
};

layout(set = 0, binding = 1, std430) readonly buffer Nodes { Node data[]; } nodes;
layout(set = 0, binding = 2, std430) readonly buffer Bricks { Brick data[]; } bricks;
layout(set = 0, binding = 3, std430) readonly buffer Masks { uint data[]; } masks;

// log2 of the edge of a cell of a node.
int cell_shift(int level) {
    return 1 + 2 * level;
}

// log2 of the edges of a brick and of an octet, its cell.
const int BRICK_SHIFT = 3;
const int OCTET_SHIFT = 1;

// The number of a voxel's cell of edge 2^shift among the 4x4x4 that lie in a node or brick; for a shift of 0 its low three bits are the
// voxel's number in its octet.
uint cell_number(ivec3 voxel, int shift) {
    uvec3 spread = ((uvec3(voxel >> shift) & 3u) * 5u) & 9u;
    return spread.x | (spread.y << 1) | (spread.z << 2);
}

bool has_bit(uvec2 mask, uint number) {
    return ((number < 32u ? mask.x : mask.y) >> (number & 31u) & 1u) != 0u;
}

// The bits that are set below this one.
uint rank(uvec2 mask, uint number) {
    uint below = (1u << (number & 31u)) - 1u;
    return number < 32u ? bitCount(mask.x & below) : bitCount(mask.x) + bitCount(mask.y & below);
}

// Whether a voxel of an octet is solid, given the octet's byte among the masks and the voxel's number, of which the low three bits count.
bool has_voxel(uint octet, uint number) {
    return (masks.data[octet >> 2] >> ((octet << 3 | number & 7u) & 31u) & 1u) != 0u;
}

// Whether a voxel of a brick that is not solid is solid.
bool is_solid_in(uvec2 mask, uint first, ivec3 voxel) {
    uint number = cell_number(voxel, OCTET_SHIFT);
    return has_bit(mask, number) && has_voxel(first + rank(mask, number), cell_number(voxel, 0));
}

// log2 of the edge of the largest aligned empty cube of cells around an empty cell, as far as an eighth of its mask tells.
int empty_shift(uvec2 mask, uint number) {
    uint word = number < 32u ? mask.x : mask.y;
    return (word >> (number & 24u) & 255u) == 0u ? 1 : 0;
}
