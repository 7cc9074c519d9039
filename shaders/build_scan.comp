#version 460
#extension GL_GOOGLE_include_directive : require

// What stands before each node of level 2: one workgroup goes over all of them.

#include "build_tree.glsl"

layout(local_size_x = 256) in;

layout(set = 0, binding = 0, std430) readonly buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) buffer NodeSums { Sums data[]; } node_sums;
// Nodes of levels 2 and up before it that are no roots.
layout(set = 0, binding = 2, std430) writeonly buffer Upper { uint data[]; } upper;
layout(set = 0, binding = 3, std430) buffer Totals {
    Sums sums;
    uint voxels;
    uint voxels_256;
} totals;

shared uvec4 sums_of[256];
shared uint uppers_of[256];

// Children of the nodes above that end with this one: they are written after it, the lowest level first.
uint ended_by(uint at) {
    uint ended = 0u;
    for (uint level = 3u; level <= params.levels; ++level) {
        uint shift = 6u * (level - 2u);
        if ((at + 1u & (1u << shift) - 1u) != 0u) {
            break;
        }
        Node node = tree.data[level_start(level) + (at >> shift)];
        ended += is_inner(node) ? count(node.mask) : 0u;
    }
    return ended;
}

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint nodes = 1u << (6u * (params.levels - 2u));
    uint share = (nodes + 255u) / 256u;
    uint begin = min(thread * share, nodes);
    uint end = min(begin + share, nodes);
    uvec4 sums = uvec4(0u);
    uint uppers = 0u;
    for (uint at = begin; at < end; ++at) {
        Sums own = node_sums.data[at];
        sums += uvec4(own.bricks, own.masks, own.words, own.nodes);
        uppers += ended_by(at);
    }
    sums_of[thread] = sums;
    uppers_of[thread] = uppers;
    barrier();
    sums = uvec4(0u);
    uppers = 0u;
    for (uint i = 0u; i < thread; ++i) {
        sums += sums_of[i];
        uppers += uppers_of[i];
    }
    if (thread == 255u) {
        uvec4 all = sums + sums_of[255];
        totals.sums = Sums(all.x, all.y, all.z, 1u + all.w + uppers + uppers_of[255]);
    }
    uint lowest = 0u;
    for (uint i = 0u; i < 256u; ++i) {
        lowest += sums_of[i].w;
    }
    for (uint at = begin; at < end; ++at) {
        Sums own = node_sums.data[at];
        node_sums.data[at] = Sums(sums.x, sums.y, sums.z, 1u + sums.w);
        upper.data[at] = 1u + lowest + uppers;
        sums += uvec4(own.bricks, own.masks, own.words, own.nodes);
        uppers += ended_by(at);
    }
}
