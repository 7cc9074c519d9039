#version 460
#extension GL_GOOGLE_include_directive : require

// Sorts the triangles of each brick, a workgroup each: a triangle's place is the number of those before it. Sums of normals depend on the
// order.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly buffer List { Listed data[]; } list;
layout(set = 0, binding = 1, std430) readonly buffer Unsorted { uint data[]; } unsorted;
layout(set = 0, binding = 2, std430) writeonly buffer Bins { uint data[]; } bins;

shared uint others[64];

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint own = workgroup();
    if (own >= uint(list.data.length())) {
        return;
    }
    uint start = list.data[own].start;
    uint end = min(list.data[own].end, uint(unsorted.data.length()));
    for (uint from = start; from < end; from += 64u) {
        bool is_there = from + thread < end;
        uint triangle = is_there ? unsorted.data[from + thread] : 0u;
        uint place = start;
        for (uint begin = start; begin < end; begin += 64u) {
            barrier();
            others[thread] = begin + thread < end ? unsorted.data[begin + thread] : 0u;
            barrier();
            for (uint i = 0u; i < min(64u, end - begin); ++i) {
                place += others[i] < triangle ? 1u : 0u;
            }
        }
        if (is_there) {
            bins.data[place] = triangle;
        }
    }
}
