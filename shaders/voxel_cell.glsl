// The cells that an acceleration structure holds boxes of, and the march inside of one. Include voxel_trace.glsl first.
// vixen-nodes/src/acceleration/voxel_cells.rs explains the words. Uses binding 8 of set 0.

const uint SOLID_CELL = 0x80000000u;

struct Cell {
    uint at;
    uint what;
};

layout(set = 0, binding = 8, std430) readonly buffer Cells { Cell data[]; } cells;

ivec3 cell_low(Cell cell) {
    return ivec3(cell.at & 1023u, cell.at >> 10 & 1023u, cell.at >> 20) << 3;
}

// Whether a ray meets a cell, and where it enters it.
bool enter_cell(Ray ray, Cell cell, ivec3 size, out Place place) {
    ivec3 low = cell_low(cell);
    int shift = (cell.what & SOLID_CELL) != 0u ? 3 + 2 * int(cell.what >> 8 & 7u) : 3;
    return enter_box(ray, low, min(low + (1 << shift), size), place);
}

// The first solid voxel from a place in the cell on; without one, the place is the first outside of the cell.
bool march_cell(Ray ray, Cell cell, inout Place place, out Hit hit) {
    if ((cell.what & SOLID_CELL) != 0u) {
        hit = Hit(place.voxel, place.face, place.t, NO_BRICK, cell.what & 255u);
        return true;
    }
    uint mask = bricks.data[cell.what].mask;
    ivec3 low = cell_low(cell);
    while ((place.voxel & ~7) == low) {
        uint number = morton3(uvec3(place.voxel));
        uvec2 group = mask == SOLID ? uvec2(SOLID) : masks.data[mask].groups[number >> 6];
        if (has_bit(group, number & 63u)) {
            hit = Hit(place.voxel, place.face, place.t, cell.what, 0u);
            return true;
        }
        leave_cube(ray, empty_shift(group, number & 63u), place);
    }
    return false;
}

// The first solid voxel of a cell on a ray.
bool trace_cell(Ray ray, Cell cell, ivec3 size, out Hit hit) {
    Place place;
    return enter_cell(ray, cell, size, place) && march_cell(ray, cell, place, hit);
}
