#version 460
#extension GL_GOOGLE_include_directive : require

// Lists the cells of level 1 of which bricks are marked, and these bricks: a cell an invocation. Their order does not matter, as what
// comes later finds them by where they stand in the lists.

#include "build_tree.glsl"

layout(local_size_x = 256) in;

layout(set = 0, binding = 0, std430) buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 1, std430) writeonly buffer Cells { uint data[]; } cells;
layout(set = 0, binding = 2, std430) writeonly buffer List { Listed data[]; } list;
layout(set = 0, binding = 3, std430) buffer Counts { Lengths lengths; } counts;

shared uint own_cells;
shared uint own_bricks;
shared uint first_cell;
shared uint first_brick;

void main() {
    uint thread = gl_LocalInvocationID.x;
    if (thread == 0u) {
        own_cells = 0u;
        own_bricks = 0u;
    }
    barrier();
    uint morton = workgroup() * 256u + thread;
    uvec2 mask = morton < 1u << (6u * (params.levels - 1u)) ? tree.data[morton].mask : uvec2(0u);
    uint bricks = count(mask);
    uint cell = 0u;
    uint brick = 0u;
    if (bricks > 0u) {
        cell = atomicAdd(own_cells, 1u);
        brick = atomicAdd(own_bricks, bricks);
    }
    barrier();
    if (thread == 0u && own_cells > 0u) {
        first_cell = atomicAdd(counts.lengths.cells, own_cells);
        first_brick = atomicAdd(counts.lengths.bricks, own_bricks);
    }
    barrier();
    if (bricks == 0u) {
        return;
    }
    cell += first_cell;
    brick += first_brick;
    // What there is no room for is lost.
    if (cell >= uint(cells.data.length())) {
        tree.data[morton].mask = uvec2(0u);
        return;
    }
    cells.data[cell] = morton;
    tree.data[morton].first = brick;
    for (uint number = 0u; number < 64u; ++number) {
        if (has_bit(mask, number)) {
            if (brick < uint(list.data.length())) {
                list.data[brick] = Listed(cell * 64u + number, 0u, 0u);
            }
            ++brick;
        }
    }
}
