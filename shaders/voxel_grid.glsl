// The cells of a scene: for each what stands in it, or how far rays leap from it.
// vixen-nodes/src/voxel/top_grid.rs explains every word. Include voxel_scene.glsl first. Uses binding 10 of set 0.

// log2 of a cell's edge, 2 to 5; negative where each cell takes half a word.
layout(constant_id = 2) const int GRID_FORMAT = 3;
const bool GRID_HALVES = GRID_FORMAT < 0;
const int GRID_SHIFT = GRID_HALVES ? -GRID_FORMAT : GRID_FORMAT;
// Bits of a leap, and a leap of which all are set.
const uint LEAP_BITS = GRID_HALVES ? 2u : 4u;
const uint LEAP_MASK = GRID_HALVES ? 3u : 15u;

layout(set = 0, binding = 10, std430) readonly buffer Grid { uint data[]; } grid;

// log2 of the edge of cells that say which of their voxels are solid, in two more words.
const int GROUP_SHIFT = 2;
// In a cell's word, and in Spot: solid all through, of the material in the low byte.
const uint ALL_SOLID = 0x80000000u;

// Where the cell with this number begins.
int cell_at(int number) {
    return (GRID_SHIFT == GROUP_SHIFT ? 3 : 1) * number;
}

// Where a voxel's cell begins, by how far its number grows along each axis, from that of the first.
int cell_of(ivec3 voxel, ivec3 stride, int first_cell) {
    ivec3 steps = (voxel >> GRID_SHIFT) * stride;
    return cell_at(first_cell + steps.x + steps.y + steps.z);
}

// The word of the cell that begins there; of half a word the sign goes on, so that ALL_SOLID stays where it is.
uint word_at(int at) {
    return GRID_HALVES ? uint(int(grid.data[at >> 1] << (16 * (~at & 1))) >> 16) : grid.data[at];
}

bool is_empty(uint word) {
    return (word & LEAP_MASK) != 0u;
}

// What the word of a cell that is not empty says: the brick or node, or ALL_SOLID and a material.
uint occupant(uint word) {
    return int(word) < 0 ? ALL_SOLID | word >> LEAP_BITS & 255u : word >> LEAP_BITS;
}

// How far a ray into an octant of directions leaps from a cell that is empty, beyond the cell itself: so many voxels along each axis.
int leap(uint word, uint octant) {
    const int EDGE = 1 << GRID_SHIFT;
    int bits = int(word >> LEAP_BITS * octant & LEAP_MASK);
    return (GRID_HALVES ? (octant == 0u ? EDGE >> 1 : EDGE) << bits : EDGE * bits) - EDGE;
}

// What a voxel lies in, where cells are no smaller than bricks.
struct Spot {
    // The largest aligned empty cube around it ends where these bits of its voxels are all set, and so many voxels beyond that, a ray
    // meets nothing. 0 where there is a brick, or where all is solid.
    int empty;
    int beyond;
    // The brick, or ALL_SOLID and a material.
    uint what;
    // Of the brick: which octets hold voxels, and where their masks are, or SOLID if it is all full.
    uvec2 mask;
    uint first;
};

// What the voxels of a cell lie in, by its word. Octant and `flip` lead back from a mirror image of the scene: see voxel_trace.glsl.
// What does not matter stays as it was, which spares instructions.
void look_up(uint word, ivec3 voxel, uint octant, uint flip, inout Spot spot) {
    spot.empty = (1 << GRID_SHIFT) - 1;
    spot.beyond = leap(word, octant);
    if (!is_empty(word)) {
        spot.empty = 0;
        spot.beyond = 0;
        spot.what = occupant(word);
        spot.mask = uvec2(0xFFFFFFFFu);
        spot.first = SOLID;
        if (int(word) >= 0) {
            if (GRID_SHIFT == 4) {
                uint eighths = spot.what & 255u;
                uvec3 bits = uvec3(voxel >> BRICK_SHIFT) & 1u;
                uint eighth = (bits.x | bits.y << 1 | bits.z << 2) ^ octant;
                spot.empty = (eighths >> eighth & 1u) != 0u ? 0 : 7;
                spot.what = (spot.what >> 8) + bitCount(eighths & ((1u << eighth) - 1u));
            } else if (GRID_SHIFT == 5) {
                count_iteration();
                Node node = nodes.data[spot.what];
                uint number = cell_number(voxel, BRICK_SHIFT) ^ flip;
                spot.empty = has_bit(node.mask, number) ? 0 : (8 << empty_shift(node.mask, number)) - 1;
                spot.what = node.first + rank(node.mask, number);
            }
            if (spot.empty == 0) {
#ifdef USES
                use_brick(spot.what);
#endif
                Brick brick = bricks.data[spot.what];
                spot.mask = brick.mask;
                spot.first = brick.first;
            }
        }
    }
}

// Which voxels of a cell of edge 4 are solid, in the half of it that this voxel lies in: the other is not read.
uint group_half(int at, uint number) {
    return grid.data[at + 1 + int(number >> 5)];
}

// Whether a voxel is solid.
bool is_solid(ivec3 size, int levels, ivec3 voxel) {
    if (any(lessThan(voxel, ivec3(0))) || any(greaterThanEqual(voxel, size))) {
        return false;
    }
    ivec3 extent = ((size - 1) >> GRID_SHIFT) + 1;
    ivec3 cell = voxel >> GRID_SHIFT;
    int at = cell_at((cell.z * extent.y + cell.y) * extent.x + cell.x);
    if (GRID_SHIFT == GROUP_SHIFT) {
        uint number = cell_number(voxel, 0);
        return (group_half(at, number) >> (number & 31u) & 1u) != 0u;
    }
    Spot spot;
    look_up(word_at(at), voxel, 0u, 0u, spot);
    return spot.empty == 0 && (spot.first == SOLID || is_solid_in(spot.mask, spot.first, voxel));
}
