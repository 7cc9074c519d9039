#version 460
#extension GL_GOOGLE_include_directive : require

// Nodes of a level above the lowest from their children: an invocation each. And what each node of level 2 will hold.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) readonly buffer CellSums { Sums data[]; } cell_sums;
layout(set = 0, binding = 2, std430) buffer NodeSums { Sums data[]; } node_sums;

void main() {
    uint at = gl_GlobalInvocationID.x;
    if (at >= 1u << (6u * (params.levels - params.level))) {
        return;
    }
    uint children = level_start(params.level - 1u) + at * 64u;
    uvec2 mask = uvec2(0u);
    Vote votes = Vote(0u, 0u);
    bool all_solid = true;
    Node first = tree.data[children];
    for (uint i = 0u; i < 64u; ++i) {
        Node child = tree.data[children + i];
        bool some = (child.mask.x | child.mask.y) != 0u;
        all_solid = all_solid && some && child.first == SOLID && child.material == first.material;
        if (some) {
            mask[i >> 5] |= 1u << (i & 31u);
            vote(votes, child.material);
        }
    }
    tree.data[level_start(params.level) + at] = Node(mask, all_solid ? SOLID : 0u, votes.winner);
    if (params.level == 2u) {
        Sums sums = Sums(0u, 0u, 0u, all_solid ? 0u : count(mask));
        for (uint i = 0u; i < 64u; ++i) {
            Sums own = cell_sums.data[at * 64u + i];
            sums.bricks += own.bricks;
            sums.masks += own.masks;
            sums.words += own.words;
        }
        node_sums.data[at] = sums;
    }
}
