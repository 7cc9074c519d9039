// The program of passes that write the bricks, masks, materials and normals. Include build_brick.glsl first. Uses bindings 2 to 7 of set 0.

// Inner nodes, and what stands before each cell of level 1.
layout(set = 0, binding = 2, std430) readonly buffer Tree { Node data[]; } tree;
layout(set = 0, binding = 3, std430) readonly buffer AllSums { Sums data[]; } sums;
// What stands before each brick in its cell.
layout(set = 0, binding = 4, std430) readonly buffer Before { Sums data[]; } before;
layout(set = 0, binding = 5, std430) writeonly buffer Bricks { Brick data[]; } bricks;
layout(set = 0, binding = 6, std430) buffer Masks { uint data[]; } masks;
layout(set = 0, binding = 7, std430) writeonly buffer Attributes { uint data[]; } attributes;

// Writes to what there is no room for are lost; the totals tell.
void write_word(uint at, uint word) {
    if (at < uint(attributes.data.length())) {
        attributes.data[at] = word;
    }
}

#include "build_looks.glsl"

void main() {
    uint cell;
    uint number;
    if (!find(cell, number)) {
        return;
    }
    uint thread = gl_LocalInvocationID.x;
    uint morton = cells.data[cell];
    Node node = tree.data[morton];
    if (node.first == SOLID || !has_bit(node.mask, number)) {
        return;
    }
    Gathered brick = gather_brick(origin_of(morton, number));
    Sums start = sums.data[morton];
    Sums own = before.data[cell * 64u + number];
    uint word = start.words + own.words;
    uint mask = start.masks + own.masks;
    bool full = brick.solid == 512u;

    uint octet = mask + rank(brick.octets, thread);
    if (!full && bytes[thread] != 0u && octet >> 2 < uint(masks.data.length())) {
        atomicOr(masks.data[octet >> 2], bytes[thread] << (8u * (octet & 3u)));
    }
    uint looks = brick.most;
    if (brick.kind != ONE || brick.has_normals) {
        looks = LOOKS_STORED | word;
        emit_looks(brick, word);
    }
    uint at = start.bricks + own.bricks;
    if (thread == 0u && at < uint(bricks.data.length())) {
        bricks.data[at] = Brick(brick.octets, full ? SOLID : mask, looks);
    }
}
