#version 460
#extension GL_GOOGLE_include_directive : require

// Nodes of a level above the lowest from their children, and what they will hold: a workgroup each, a child an invocation.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) buffer AllSums { Sums data[]; } sums;
layout(set = 0, binding = 2, std430) buffer Uppers { uint data[]; } uppers;
layout(set = 0, binding = 3, std430) buffer Totals {
    Sums sums;
    uint voxels;
    uint voxels_256;
} totals;

shared uint materials[64];
shared uint shared_mask[2];
shared uint shared_sums[5];
shared uint other;

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint at = workgroup();
    if (at >= 1u << (6u * (params.levels - params.level))) {
        return;
    }
    if (thread < 5u) {
        shared_sums[thread] = 0u;
    }
    if (thread < 2u) {
        shared_mask[thread] = 0u;
    }
    if (thread == 0u) {
        other = 0u;
    }
    barrier();
    uint own = level_start(params.level) + at;
    uint first = level_start(params.level - 1u) + at * 64u;
    Node child = tree.data[first + thread];
    materials[thread] = child.material;
    if (!is_empty(child)) {
        atomicOr(shared_mask[thread >> 5], 1u << (thread & 31u));
        Sums held = sums.data[first + thread];
        atomicAdd(shared_sums[0], held.bricks);
        atomicAdd(shared_sums[1], held.masks);
        atomicAdd(shared_sums[2], held.words);
        atomicAdd(shared_sums[3], held.nodes);
        if (params.level > 2u) {
            atomicAdd(shared_sums[4], uppers.data[upper_of(first + thread)]);
        }
    }
    barrier();
    if (child.first != SOLID || is_empty(child) || child.material != materials[0]) {
        other = 1u;
    }
    barrier();
    if (thread != 0u) {
        return;
    }
    uvec2 mask = uvec2(shared_mask[0], shared_mask[1]);
    bool all_solid = other == 0u;
    Vote votes = Vote(0u, 0u);
    for (uint i = 0u; i < 64u; ++i) {
        if (has_bit(mask, i)) {
            vote(votes, materials[i]);
        }
    }
    tree.data[own] = Node(mask, all_solid ? SOLID : 0u, votes.winner);
    // The children themselves are held too.
    uint children = all_solid ? 0u : count(mask);
    bool is_lowest = params.level == 2u;
    Sums held = Sums(shared_sums[0], shared_sums[1], shared_sums[2], shared_sums[3] + (is_lowest ? children : 0u));
    uint upper = shared_sums[4] + (is_lowest ? 0u : children);
    sums.data[own] = held;
    uppers.data[upper_of(own)] = upper;
    if (params.level == params.levels) {
        totals.sums = Sums(held.bricks, held.masks, held.words, 1u + held.nodes + upper);
    }
}
