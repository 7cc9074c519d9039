#version 460
#extension GL_GOOGLE_include_directive : require

// Says where the triangles of each brick begin: a brick an invocation.

#include "build_tree.glsl"

layout(local_size_x = 256) in;

layout(set = 0, binding = 0, std430) buffer List { Listed data[]; } list;
layout(set = 0, binding = 1, std430) buffer Counts { Lengths lengths; } counts;

shared uint own_bins;
shared uint first_bin;

void main() {
    uint thread = gl_LocalInvocationID.x;
    if (thread == 0u) {
        own_bins = 0u;
    }
    barrier();
    uint at = workgroup() * 256u + thread;
    bool is_there = at < uint(list.data.length());
    uint bin = is_there ? atomicAdd(own_bins, list.data[at].end) : 0u;
    barrier();
    if (thread == 0u) {
        first_bin = atomicAdd(counts.lengths.bins, own_bins);
    }
    barrier();
    if (is_there) {
        list.data[at].start = first_bin + bin;
        list.data[at].end = first_bin + bin;
    }
}
