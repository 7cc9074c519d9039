#version 460
#extension GL_GOOGLE_include_directive : require

// The bricks of a surface of triangles, before it is known where they belong: their voxels, what these look like, and how large each is.

#include "build_tree.glsl"
#include "build_surface.glsl"
#include "build_brick.glsl"

layout(set = 0, binding = 2, std430) writeonly buffer Slots { Slot data[]; } slots;
layout(set = 0, binding = 3, std430) writeonly buffer Drafts { Draft data[]; } drafts;
// What voxels look like, brick by brick in no order.
layout(set = 0, binding = 4, std430) writeonly buffer Looks { uint data[]; } looks;
layout(set = 0, binding = 5, std430) buffer Counts { Lengths lengths; } counts;

// What there is no room for is lost; the totals tell.
void write_word(uint at, uint word) {
    if (at < uint(looks.data.length())) {
        looks.data[at] = word;
    }
}

#include "build_looks.glsl"

shared uint first_word;

void main() {
    uint cell;
    uint number;
    if (!find(cell, number)) {
        return;
    }
    Gathered brick = gather_brick(origin_of(cells.data[cell], number));
    uint thread = gl_LocalInvocationID.x;
    if (thread < 16u) {
        drafts.data[own].solid[thread] = solid[thread];
    }
    if (thread == 0u) {
        uint words = words_of(brick);
        first_word = words > 0u ? atomicAdd(counts.lengths.words, words) : 0u;
        drafts.data[own].looks = words > 0u ? LOOKS_STORED | first_word : brick.most;
        slots.data[cell * 64u + number] = slot_of(brick);
    }
    barrier();
    if (words_of(brick) > 0u) {
        emit_looks(brick, first_word);
    }
}
