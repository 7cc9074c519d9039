#version 460
#extension GL_GOOGLE_include_directive : require

// Puts the bricks of a surface to where they belong: a workgroup each, an octet an invocation.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly buffer List { Listed data[]; } list;
layout(set = 0, binding = 1, std430) readonly buffer Cells { uint data[]; } cells;
layout(set = 0, binding = 2, std430) readonly buffer Slots { Slot data[]; } slots;
layout(set = 0, binding = 3, std430) readonly buffer Drafts { Draft data[]; } drafts;
layout(set = 0, binding = 4, std430) readonly buffer Looks { uint data[]; } looks;
// What stands before each cell of level 1, and before each brick in its cell.
layout(set = 0, binding = 5, std430) readonly buffer AllSums { Sums data[]; } sums;
layout(set = 0, binding = 6, std430) readonly buffer Before { Sums data[]; } before;
layout(set = 0, binding = 7, std430) writeonly buffer Bricks { Brick data[]; } bricks;
layout(set = 0, binding = 8, std430) buffer Masks { uint data[]; } masks;
layout(set = 0, binding = 9, std430) writeonly buffer Attributes { uint data[]; } attributes;
// Nodes of all levels; those of level 1 come first.
layout(set = 0, binding = 10, std430) readonly buffer Tree { Node data[]; } tree;

shared uint octets[2];

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint own = workgroup();
    if (own >= uint(list.data.length()) || list.data[own].start >= list.data[own].end) {
        return;
    }
    uint at = list.data[own].slot;
    Slot slot = slots.data[at];
    uint voxels = slot.what & 0xFFFFu;
    uint morton = cells.data[at >> 6];
    // A cell that is solid all through has no bricks.
    if (voxels == 0u || (is_one_solid(slot) && tree.data[morton].first == SOLID)) {
        return;
    }
    if (thread < 2u) {
        octets[thread] = 0u;
    }
    barrier();
    uint byte = drafts.data[own].solid[thread >> 2] >> (8u * (thread & 3u)) & 255u;
    if (byte != 0u) {
        atomicOr(octets[thread >> 5], 1u << (thread & 31u));
    }
    barrier();
    uvec2 mask = uvec2(octets[0], octets[1]);
    Sums start = sums.data[morton];
    Sums within = before.data[at];
    uint first = start.masks + within.masks;
    bool full = voxels == 512u;
    uint octet = first + rank(mask, thread);
    if (!full && byte != 0u && octet >> 2 < uint(masks.data.length())) {
        atomicOr(masks.data[octet >> 2], byte << (8u * (octet & 3u)));
    }
    uint look = drafts.data[own].looks;
    if ((look & LOOKS_STORED) != 0u) {
        uint from = look & ~LOOKS_STORED;
        uint to = start.words + within.words;
        for (uint i = thread; i < slot.words; i += 64u) {
            // What has no room in one of the two is lost; the totals tell.
            if (to + i < uint(attributes.data.length()) && from + i < uint(looks.data.length())) {
                attributes.data[to + i] = looks.data[from + i];
            }
        }
        look = LOOKS_STORED | to;
    }
    uint place = start.bricks + within.bricks;
    if (thread == 0u && place < uint(bricks.data.length())) {
        bricks.data[place] = Brick(mask, full ? SOLID : first, look);
    }
}
