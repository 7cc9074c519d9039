#version 460
#extension GL_GOOGLE_include_directive : require

// How large the bricks of a piece of land are.

#define MEASURES
#include "build_tree.glsl"
#include "build_terrain.glsl"
#include "build_brick.glsl"
#include "build_measure.glsl"
