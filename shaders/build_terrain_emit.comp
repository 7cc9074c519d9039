#version 460
#extension GL_GOOGLE_include_directive : require

// The bricks of a piece of land.

#include "build_tree.glsl"
#include "build_terrain.glsl"
#include "build_brick.glsl"
#include "build_emit.glsl"
