#version 460
#extension GL_GOOGLE_include_directive : require

// Marks the bricks that triangles may touch.

#include "build_tree.glsl"
#include "voxel_morton.glsl"
#include "build_triangle.glsl"
#include "build_bins.glsl"

layout(set = 0, binding = 1, std430) buffer Tree { Node data[]; } tree;

void visit(uvec3 brick, uint triangle) {
    uint number = morton3(brick & 3u);
    uint bit = 1u << (number & 31u);
    uint cell = morton(brick >> 2);
    if (number < 32u) {
        if ((tree.data[cell].mask.x & bit) == 0u) {
            atomicOr(tree.data[cell].mask.x, bit);
        }
    } else if ((tree.data[cell].mask.y & bit) == 0u) {
        atomicOr(tree.data[cell].mask.y, bit);
    }
}
