#version 460
#extension GL_GOOGLE_include_directive : require

// The bricks of a surface of triangles.

#include "build_tree.glsl"
#include "build_surface.glsl"
#include "build_brick.glsl"
#include "build_emit.glsl"
