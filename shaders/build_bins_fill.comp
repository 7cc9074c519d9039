#version 460
#extension GL_GOOGLE_include_directive : require

// Writes the triangles of each brick one after another, in no order.

#include "build_tree.glsl"
#include "voxel_morton.glsl"
#include "build_triangle.glsl"
#include "build_bins.glsl"

layout(set = 0, binding = 1, std430) readonly buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 2, std430) buffer List { Listed data[]; } list;
layout(set = 0, binding = 3, std430) writeonly buffer Unsorted { uint data[]; } unsorted;

void visit(uvec3 brick, uint triangle) {
    Node cell = tree.data[morton(brick >> 2)];
    uint number = morton3(brick & 3u);
    uint at = cell.first + rank(cell.mask, number);
    // As counted.
    if (!has_bit(cell.mask, number) || at >= uint(list.data.length())) {
        return;
    }
    uint bin = atomicAdd(list.data[at].end, 1u);
    if (bin < uint(unsorted.data.length())) {
        unsorted.data[bin] = triangle;
    }
}
