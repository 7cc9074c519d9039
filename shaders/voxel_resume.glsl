// The march from the cell that an acceleration structure has found. Include voxel_trace.glsl and voxel_cell_march.glsl first. Uses binding 7 of set 0.

#include "voxel_find.glsl"

layout(set = 0, binding = 7, r32ui) readonly uniform uimage2D found;

// The first solid voxel on a pixel's ray: in the cell that was found, or on from where the ray leaves it.
bool resume(ivec2 pixel, vec3 origin, vec3 direction, out Hit hit) {
    uint number = imageLoad(found, pixel).x;
    if (number == NO_CELL) {
        return false;
    }
    Cell cell = cells.data[number];
    ivec3 size = ivec3(params.scene_size);
    Ray ray = ray_of(origin, direction);
    Place place;
    if (!enter_cell(ray, cell, size, place)) {
        return false;
    }
    if (march_cell(ray, cell, place)) {
        hit = hit_in(cell, place);
        return true;
    }
    return trace_from(place.t, size, int(params.scene_levels), origin, direction, 1e30, hit);
}
