// The parts of a scene that an acceleration structure holds boxes of.
// vixen-nodes/src/acceleration/voxel_cells.rs explains the words. Uses binding 8 of set 0.

struct Cell {
    uint x;
    uint y;
    uint z;
};

layout(set = 0, binding = 8, std430) readonly buffer Cells { Cell data[]; } cells;

// The box around the solid voxels of a cell: from its low corner on and before its high one.
void cell_box(uint number, out ivec3 low, out ivec3 high) {
    Cell cell = cells.data[number];
    uvec3 spans = uvec3(cell.x, cell.y, cell.z);
    low = ivec3(spans & 0xFFFFu);
    high = ivec3(spans >> 16);
}

// Whether a place is one that an edit has emptied: its box is a point where there was one.
bool is_emptied(uint number) {
    return cells.data[number].x == 0xFFFFu;
}
