// The march from where an acceleration structure has found that a ray enters a cell. Include voxel_trace.glsl first. Uses binding 7 of set 0.

#include "voxel_find.glsl"

layout(set = 0, binding = 7, r32f) readonly uniform image2D found;

// The first solid voxel on a pixel's ray: in the cell that was found, or beyond it.
bool resume(ivec2 pixel, vec3 origin, vec3 direction, out Hit hit) {
    float start = imageLoad(found, pixel).x;
    return start != NOTHING && trace_from(ivec3(params.scene_size), origin, direction, start, 1e30, hit);
}
