#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// Which voxel of the nearest cell the ray hit. No hit attribute tells: it may be that of a cell that was looked at later and
// not hit.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_step.glsl"
#include "voxel_cell.glsl"
#include "voxel_cell_march.glsl"

layout(location = 0) rayPayloadInEXT Hit seen;

void main() {
    Ray ray = ray_of(gl_ObjectRayOriginEXT, gl_ObjectRayDirectionEXT);
    seen = hit_at(ray, cells.data[gl_PrimitiveID], ivec3(params.scene_size), gl_HitTEXT, gl_HitKindEXT);
}
