// The cells of a scene: for each the brick or node that stands in it, or how far rays leap from it.
// vixen-nodes/src/voxel/top_grid.rs explains every word. Include voxel_scene.glsl first. Uses binding 10 of set 0.

layout(set = 0, binding = 10, std430) readonly buffer Grid { uint data[]; } grid;

// Words before the cells.
const int GRID_HEAD = 4;
// In a cell's word, and in Spot: solid all through, of the material in the low byte.
const uint ALL_SOLID = 0x80000000u;

// What a voxel lies in.
struct Spot {
    // Four bits for each octant of directions: a ray into it meets nothing in a cube of so many cubes of edge 2^shift along each axis,
    // of which the voxel's own is the first. 0 where there is a brick, or where all is solid.
    uint leaps;
    int shift;
    // The brick, or ALL_SOLID and a material.
    uint what;
    // Of the brick: which octets hold voxels, and where their masks are, or SOLID.
    uvec2 mask;
    uint first;
};

// What the voxels of a cell's word and, where a node stands in the cell, of a cell of the node lie in. `flip` leads back from a mirror
// image of the scene: see voxel_trace.glsl.
Spot spot_in(uint word, int shift, ivec3 voxel, uint flip) {
    bool empty = (word & 15u) != 0u;
    Spot spot = Spot(empty ? word : 0u, shift, word >> 4, uvec2(0u), SOLID);
    if (!empty && int(word) < 0) {
        spot.what = ALL_SOLID | spot.what & 255u;
    } else if (!empty) {
        if (shift > BRICK_SHIFT) {
            count_iteration();
            Node node = nodes.data[spot.what];
            uint number = cell_number(voxel, BRICK_SHIFT) ^ flip;
            spot.what = node.first + rank(node.mask, number);
            spot.leaps = has_bit(node.mask, number) ? 0u : 0x11111111u;
            spot.shift = BRICK_SHIFT + empty_shift(node.mask, number);
        }
        if (spot.leaps == 0u) {
#ifdef USES
            use_brick(spot.what);
#endif
            Brick brick = bricks.data[spot.what];
            spot.mask = brick.mask;
            spot.first = brick.first;
        }
    }
    return spot;
}

// Whether a voxel is solid.
bool is_solid(ivec3 size, int levels, ivec3 voxel) {
    if (any(lessThan(voxel, ivec3(0))) || any(greaterThanEqual(voxel, size))) {
        return false;
    }
    int shift = int(grid.data[0]);
    ivec3 extent = ((size - 1) >> shift) + 1;
    ivec3 cell = voxel >> shift;
    Spot spot = spot_in(grid.data[GRID_HEAD + (cell.z * extent.y + cell.y) * extent.x + cell.x], shift, voxel, 0u);
    return spot.leaps == 0u && (spot.first == SOLID || is_solid_in(spot.mask, spot.first, voxel));
}
