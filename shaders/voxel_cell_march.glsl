// The march inside of a cell. Include voxel_scene.glsl and voxel_cell.glsl first.

// Whether a voxel of a cell is solid; if not, log2 of the edge of the largest aligned empty cube around it, as far as the masks tell.
bool is_solid_in(Cell cell, ivec3 voxel, out int empty) {
    empty = 0;
    if (cell.first == SOLID) {
        return true;
    }
    uint number = cell_number(voxel, OCTET_SHIFT);
    if (!has_bit(cell.mask, number)) {
        empty = OCTET_SHIFT + empty_shift(cell.mask, number);
        return false;
    }
    return (octet(cell.first, rank(cell.mask, number)) >> (cell_number(voxel, 0) & 7u) & 1u) != 0u;
}

// A solid voxel of a cell, where a ray meets it.
Hit hit_in(Cell cell, Place place) {
    bool solid = (cell.what & SOLID_CELL) != 0u;
    return Hit(place.voxel, place.face, place.t, solid ? NO_BRICK : cell.what, solid ? cell.what & 255u : 0u);
}

// Whether there is a solid voxel in a cell from a place in it on. The place moves to it or, without one, out of the cell.
bool march_cell(Ray ray, Cell cell, inout Place place) {
    ivec3 brick = place.voxel >> 3;
    do {
        int empty;
        if (is_solid_in(cell, place.voxel, empty)) {
            return true;
        }
        leave_cube(ray, empty, place);
    } while (place.voxel >> 3 == brick);
    return false;
}

// The solid voxel of a cell that a ray meets by a face at a distance: what `march_cell` found there.
Hit hit_at(Ray ray, Cell cell, ivec3 size, float t, uint face) {
    ivec3 low;
    ivec3 high;
    cell_box(cell, size, low, high);
    vec3 at = ray.origin + ray.direction * t;
    Place place = Place(ivec3(floor(at)), face, t);
    if (face != FACE_INSIDE) {
        int axis = int(face >> 1);
        place.voxel[axis] = int(round(at[axis])) - int(face & 1u);
    }
    place.voxel = clamp(place.voxel, low, high - 1);
    int empty;
    // Rounding may have led to the other side of an edge.
    if (!is_solid_in(cell, place.voxel, empty) && enter_box(ray, low, high, 0.0, place)) {
        march_cell(ray, cell, place);
    }
    return hit_in(cell, place);
}
