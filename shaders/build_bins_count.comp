#version 460
#extension GL_GOOGLE_include_directive : require

// Counts the triangles of each brick.

#include "build_tree.glsl"
#include "voxel_morton.glsl"
#include "build_triangle.glsl"
#include "build_bins.glsl"

layout(set = 0, binding = 1, std430) readonly buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 2, std430) buffer List { Listed data[]; } list;

void visit(uvec3 brick, uint triangle) {
    Node cell = tree.data[morton(brick >> 2)];
    uint number = morton3(brick & 3u);
    uint at = cell.first + rank(cell.mask, number);
    // A cell for which there was no room has no bricks any more.
    if (has_bit(cell.mask, number) && at < uint(list.data.length())) {
        atomicAdd(list.data[at].end, 1u);
    }
}
