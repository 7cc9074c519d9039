// The cells that an acceleration structure holds boxes of. Include voxel_step.glsl first.
// vixen-nodes/src/acceleration/voxel_cells.rs explains the words. Uses binding 8 of set 0.

const uint SOLID_CELL = 0x80000000u;

struct Cell {
    uint at;
    uint what;
    uvec2 mask;
    uint first;
    uint bounds;
};

layout(set = 0, binding = 8, std430) readonly buffer Cells { Cell data[]; } cells;

uvec3 three_bits(uint word) {
    return uvec3(word, word >> 3, word >> 6) & 7u;
}

// The box around the solid voxels of a cell: from its low corner on and before its high one.
void cell_box(Cell cell, ivec3 size, out ivec3 low, out ivec3 high) {
    ivec3 corner = ivec3(cell.at & 1023u, cell.at >> 10 & 1023u, cell.at >> 20 & 1023u) << 3;
    if ((cell.what & SOLID_CELL) != 0u) {
        low = corner;
        high = min(corner + (8 << 2 * int(cell.what >> 8 & 7u)), size);
    } else {
        low = corner + ivec3(three_bits(cell.bounds));
        high = corner + ivec3(three_bits(cell.bounds >> 9)) + 1;
    }
}

// Whether a ray meets the box of a cell, and where it enters it.
bool enter_cell(Ray ray, Cell cell, ivec3 size, out Place place) {
    ivec3 low;
    ivec3 high;
    cell_box(cell, size, low, high);
    return enter_box(ray, low, high, 0.0, place);
}
