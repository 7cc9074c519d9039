#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_GOOGLE_include_directive : require

// By which face the ray came into the nearest voxel.

#include "voxel_step.glsl"
#include "voxel_cube.glsl"

layout(location = 0) rayPayloadInEXT Hit seen;

void main() {
    Place place;
    enter_cube(ray_of(gl_ObjectRayOriginEXT, gl_ObjectRayDirectionEXT), gl_PrimitiveID, place);
    seen = Hit(place.voxel, place.face, place.t, NO_BRICK, 0u);
}
