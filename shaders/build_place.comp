#version 460
#extension GL_GOOGLE_include_directive : require

// Writes the children of the nodes of a level to where they belong: an invocation a node.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) buffer CellSums { Sums data[]; } cell_sums;
layout(set = 0, binding = 2, std430) readonly buffer NodeSums { Sums data[]; } node_sums;
layout(set = 0, binding = 3, std430) readonly buffer Upper { uint data[]; } upper;
layout(set = 0, binding = 4, std430) buffer Nodes { Node data[]; } nodes;

void write_node(uint at, Node node) {
    if (at < uint(nodes.data.length())) {
        nodes.data[at] = node;
    }
}

// Where the children of a node above level 2 begin: after those of the lower nodes that end with it.
uint place_above(uint at) {
    uint last = (at + 1u << 6u * (params.level - 2u)) - 1u;
    uint place = upper.data[last];
    for (uint level = 3u; level < params.level; ++level) {
        Node node = tree.data[level_start(level) + (last >> 6u * (level - 2u))];
        place += is_inner(node) ? count(node.mask) : 0u;
    }
    return place;
}

void main() {
    uint at = gl_GlobalInvocationID.x;
    if (at >= 1u << (6u * (params.levels - params.level))) {
        return;
    }
    uint own = level_start(params.level) + at;
    Node node = tree.data[own];
    if (is_inner(node)) {
        uint children = level_start(params.level - 1u) + at * 64u;
        Sums sums = node_sums.data[params.level == 2u ? at : 0u];
        uint place = params.level == 2u ? sums.nodes : place_above(at);
        node.first = place;
        for (uint i = 0u; i < 64u; ++i) {
            if (!has_bit(node.mask, i)) {
                continue;
            }
            Node child = tree.data[children + i];
            if (params.level == 2u && child.first != SOLID) {
                child.first = sums.bricks;
                Sums held = cell_sums.data[children + i];
                cell_sums.data[children + i] = sums;
                sums.bricks += held.bricks;
                sums.masks += held.masks;
                sums.words += held.words;
            }
            write_node(place++, child);
        }
        tree.data[own] = node;
    }
    if (params.level == params.levels) {
        write_node(0u, node);
    }
}
