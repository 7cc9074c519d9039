// The march inside of a cell. Include voxel_scene.glsl and voxel_cell.glsl first.

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
