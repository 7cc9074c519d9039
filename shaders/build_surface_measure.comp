#version 460
#extension GL_GOOGLE_include_directive : require

// How large the bricks of a surface of triangles are.

#define MEASURES
#include "build_tree.glsl"
#include "build_surface.glsl"
#include "build_brick.glsl"
#include "build_measure.glsl"
