#version 460
#extension GL_GOOGLE_include_directive : require

// One primary ray a pixel through a streamed brick map, lit by sun and sky.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_uses.glsl"
#include "voxel_trace.glsl"
#include "voxel_surface.glsl"
#include "voxel_march.glsl"
