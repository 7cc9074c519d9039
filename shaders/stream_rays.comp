#version 460
#extension GL_GOOGLE_include_directive : require

// Rays through a streamed brick map, to be counted.

#define BEAMS
#define PATH_IN_SHARED_MEMORY 64
#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_uses.glsl"
#include "voxel_trace.glsl"
#include "voxel_rays.glsl"
