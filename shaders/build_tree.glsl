// What the passes share that build a scene on the GPU. vixen-nodes/src/voxel_build.rs tells how they work together.

const uint SOLID = 0xFFFFFFFFu;
const uint LOOKS_STORED = 0x80000000u;
const uint NO_NORMAL = 0xFFFFu;

struct Node {
    uvec2 mask;
    uint first;
    uint material;
};

struct Brick {
    uvec2 mask;
    uint first;
    uint looks;
};

// How large a brick will be.
struct Slot {
    // The number of solid voxels; bit 16: solid and of one material; from bit 17 on, bytes of masks. From bit 24 on, the material that
    // stands for all.
    uint what;
    // Of attributes.
    uint words;
};

bool is_one_solid(Slot slot) {
    return (slot.what >> 16 & 1u) != 0u;
}

uint mask_bytes(Slot slot) {
    return slot.what >> 17 & 127u;
}

// Things in some part of the scene, or before it.
struct Sums {
    uint bricks;
    // Bytes of masks.
    uint masks;
    // Of attributes.
    uint words;
    uint nodes;
};

// A brick that triangles may touch.
struct Listed {
    // 64 times its cell in the list of cells, and its number there.
    uint slot;
    // Its triangles in the bins; none for what stands behind the last brick.
    uint start;
    uint end;
};

// How long the lists of cells and of bricks are, and the bins; and how many words bricks have.
struct Lengths {
    uint cells;
    uint bricks;
    uint bins;
    // Of looks of bricks that have no place yet.
    uint words;
};

// A brick that has no place yet.
struct Draft {
    // A bit for each solid voxel.
    uint solid[16];
    // As in a brick, but for the word.
    uint looks;
};

layout(push_constant, std430) uniform Params {
    uvec3 size;
    uint levels;
    // Cells of level 1 that are built.
    uint cells;
    // Of the pass, where it is one of several.
    uint level;
} params;

// Nodes of a level lie side by side in Morton order, empty ones too, the lowest level first.
uint level_start(uint level) {
    uint start = 0u;
    for (uint below = 1u; below < level; ++below) {
        start += 1u << (6u * (params.levels - below));
    }
    return start;
}

// Where a node above level 1 stands among all of those.
uint upper_of(uint node) {
    return node - level_start(2u);
}

// The number of the workgroup, which are more than a device allows along one axis.
uint workgroup() {
    return gl_WorkGroupID.y + gl_WorkGroupID.z * gl_NumWorkGroups.y;
}

bool is_empty(Node node) {
    return (node.mask.x | node.mask.y) == 0u;
}

// Neither empty nor solid.
bool is_inner(Node node) {
    return !is_empty(node) && node.first != SOLID;
}

bool has_bit(uvec2 mask, uint number) {
    return ((number < 32u ? mask.x : mask.y) >> (number & 31u) & 1u) != 0u;
}

uint count(uvec2 mask) {
    return uint(bitCount(mask.x) + bitCount(mask.y));
}

// The bits that are set below this one.
uint rank(uvec2 mask, uint number) {
    uint below = (1u << (number & 31u)) - 1u;
    return uint(number < 32u ? bitCount(mask.x & below) : bitCount(mask.x) + bitCount(mask.y & below));
}

// The value that more than half are, if there is one (Boyer and Moore's vote): the same in the same order as on the CPU.
struct Vote {
    uint winner;
    uint lead;
};

void vote(inout Vote votes, uint value) {
    if (value == votes.winner) {
        ++votes.lead;
    } else if (votes.lead == 0u) {
        votes = Vote(value, 1u);
    } else {
        --votes.lead;
    }
}

// Every other bit of three, from bit 0 on.
uint gather(uint v) {
    v &= 0x09249249u;
    v = (v | v >> 2) & 0x030C30C3u;
    v = (v | v >> 4) & 0x0300F00Fu;
    v = (v | v >> 8) & 0xFF0000FFu;
    return (v | v >> 16) & 0x3FFu;
}

// The reverse of gather().
uint spread(uint v) {
    v = (v | v << 16) & 0xFF0000FFu;
    v = (v | v << 8) & 0x0300F00Fu;
    v = (v | v << 4) & 0x030C30C3u;
    return (v | v << 2) & 0x09249249u;
}

// The Morton number of a place.
uint morton(uvec3 at) {
    return spread(at.x) | spread(at.y) << 1 | spread(at.z) << 2;
}

// The reverse of a Morton number of up to 30 bits.
uvec3 unmorton(uint number) {
    return uvec3(gather(number), gather(number >> 1), gather(number >> 2));
}
