#version 460
#extension GL_GOOGLE_include_directive : require

// Writes the children of the nodes of a level to where they belong, and says what stands before each: a workgroup a node, a child an
// invocation. Nodes of level 1 come first, then those above, each after all that stands below it.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) buffer AllSums { Sums data[]; } sums;
layout(set = 0, binding = 2, std430) buffer Uppers { uint data[]; } uppers;
layout(set = 0, binding = 3, std430) buffer Nodes { Node data[]; } nodes;

shared uvec4 sums_of[64];
shared uint uppers_of[64];

void write_node(uint at, Node node) {
    if (at < uint(nodes.data.length())) {
        nodes.data[at] = node;
    }
}

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint at = workgroup();
    if (at >= 1u << (6u * (params.levels - params.level))) {
        return;
    }
    uint own = level_start(params.level) + at;
    uint first = level_start(params.level - 1u) + at * 64u;
    bool is_root = params.level == params.levels;
    Node node = tree.data[own];
    if (!is_inner(node)) {
        if (is_root && thread == 0u) {
            write_node(0u, node);
        }
        return;
    }
    bool is_there = has_bit(node.mask, thread);
    Sums held = Sums(0u, 0u, 0u, 0u);
    uint upper = 0u;
    if (is_there) {
        held = sums.data[first + thread];
        upper = params.level > 2u ? uppers.data[upper_of(first + thread)] : 0u;
    }
    sums_of[thread] = uvec4(held.bricks, held.masks, held.words, held.nodes);
    uppers_of[thread] = upper;
    barrier();
    Sums start = is_root ? Sums(0u, 0u, 0u, 0u) : sums.data[own];
    uint upper_start = is_root ? 0u : uppers.data[upper_of(own)];
    uvec4 before = uvec4(start.bricks, start.masks, start.words, start.nodes);
    uint upper_before = upper_start;
    uint upper_end = upper_start;
    for (uint i = 0u; i < 64u; ++i) {
        before += i < thread ? sums_of[i] : uvec4(0u);
        upper_before += i < thread ? uppers_of[i] : 0u;
        upper_end += uppers_of[i];
    }
    // All nodes of level 1, after the root.
    uint lowest = 1u + sums.data[level_start(params.levels)].nodes;
    uint place = params.level == 2u ? 1u + start.nodes : lowest + upper_end;
    if (is_root && thread == 0u) {
        write_node(0u, Node(node.mask, place, node.material));
    }
    if (!is_there) {
        return;
    }
    Node child = tree.data[first + thread];
    if (is_inner(child)) {
        child.first = params.level == 2u ? before.x : params.level == 3u ? 1u + before.w : lowest + upper_before + upper - count(child.mask);
    }
    write_node(place + rank(node.mask, thread), child);
    sums.data[first + thread] = Sums(before.x, before.y, before.z, before.w);
    if (params.level > 2u) {
        uppers.data[upper_of(first + thread)] = upper_before;
    }
}
