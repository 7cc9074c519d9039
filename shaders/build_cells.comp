#version 460
#extension GL_GOOGLE_include_directive : require

// Nodes of level 1 from their bricks: a workgroup each, a brick an invocation.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly buffer Cells { uint data[]; } cells;
layout(set = 0, binding = 1, std430) readonly buffer Slots { Slot data[]; } slots;
layout(set = 0, binding = 2, std430) writeonly buffer Before { Sums data[]; } before;
layout(set = 0, binding = 3, std430) buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 4, std430) buffer AllSums { Sums data[]; } sums;
layout(set = 0, binding = 5, std430) buffer Totals {
    Sums sums;
    // Solid voxels: the second counts 256 each, so that neither overflows.
    uint voxels;
    uint voxels_256;
} totals;

// What stands behind the last cell.
const uint NO_CELL = 0xFFFFFFFFu;

shared Slot bricks[64];

void main() {
    uint cell = workgroup();
    if (cell >= params.cells) {
        return;
    }
    uint morton = cells.data[cell];
    if (morton == NO_CELL) {
        return;
    }
    uint thread = gl_LocalInvocationID.x;
    bricks[thread] = slots.data[cell * 64u + thread];
    barrier();
    Sums held = Sums(0u, 0u, 0u, 0u);
    for (uint i = 0u; i < thread; ++i) {
        uint solid = bricks[i].what & 0xFFFFu;
        held.bricks += solid > 0u ? 1u : 0u;
        held.masks += mask_bytes(bricks[i]);
        held.words += bricks[i].words;
    }
    before.data[cell * 64u + thread] = held;
    if (thread != 63u) {
        return;
    }
    uvec2 mask = uvec2(0u);
    Vote votes = Vote(0u, 0u);
    uint voxels = 0u;
    bool all_solid = true;
    for (uint i = 0u; i < 64u; ++i) {
        uint what = bricks[i].what;
        uint solid = what & 0xFFFFu;
        all_solid = all_solid && is_one_solid(bricks[i]) && what >> 24 == bricks[0].what >> 24;
        voxels += solid;
        if (solid > 0u) {
            mask[i >> 5] |= 1u << (i & 31u);
            vote(votes, what >> 24);
        }
    }
    uint own = bricks[63].what & 0xFFFFu;
    held.bricks += own > 0u ? 1u : 0u;
    held.masks += mask_bytes(bricks[63]);
    held.words += bricks[63].words;
    tree.data[morton] = Node(mask, all_solid ? SOLID : 0u, votes.winner);
    sums.data[morton] = all_solid ? Sums(0u, 0u, 0u, 0u) : held;
    atomicAdd(totals.voxels, voxels & 255u);
    atomicAdd(totals.voxels_256, voxels >> 8);
}
