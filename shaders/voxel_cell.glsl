// The cells that an acceleration structure holds boxes of. Include voxel_step.glsl first.
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
