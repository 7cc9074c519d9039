#version 460
#extension GL_GOOGLE_include_directive : require

// Sorts the triangles of each brick, a workgroup each, since sums of normals depend on the order.

#include "build_tree.glsl"

layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly buffer List { Listed data[]; } list;
// The triangles; where they are many, also what the second pass of sorting leaves.
layout(set = 0, binding = 1, std430) coherent buffer Unsorted { uint data[]; } unsorted;
layout(set = 0, binding = 2, std430) coherent buffer Bins { uint data[]; } bins;

// Up to so many triangles each is compared with all others.
const uint FEW = 512u;
// Of more, three passes of a radix sort take so many bits each: no scene has 2^30 triangles.
const uint DIGIT_BITS = 10u;
const uint DIGITS = 1u << DIGIT_BITS;

shared uint others[64];
// Where the next triangle with each digit goes.
shared uint places[DIGITS];
shared uint sums[64];

// A triangle's place is the number of those before it.
void sort_few(uint start, uint end) {
    uint thread = gl_LocalInvocationID.x;
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

uint load(bool from_bins, uint at) {
    return from_bins ? bins.data[at] : unsorted.data[at];
}

uint digit_of(uint triangle, uint pass) {
    return triangle >> (pass * DIGIT_BITS) & (DIGITS - 1u);
}

// Says where the triangles with each digit begin.
void find_places(uint start, uint end, uint pass) {
    const uint OWN = DIGITS / 64u;
    uint thread = gl_LocalInvocationID.x;
    for (uint i = thread; i < DIGITS; i += 64u) {
        places[i] = 0u;
    }
    barrier();
    for (uint at = start + thread; at < end; at += 64u) {
        atomicAdd(places[digit_of(load(pass == 1u, at), pass)], 1u);
    }
    barrier();
    uint own = 0u;
    for (uint i = 0u; i < OWN; ++i) {
        own += places[thread * OWN + i];
    }
    sums[thread] = own;
    barrier();
    uint before = start;
    for (uint i = 0u; i < thread; ++i) {
        before += sums[i];
    }
    for (uint i = 0u; i < OWN; ++i) {
        uint count = places[thread * OWN + i];
        places[thread * OWN + i] = before;
        before += count;
    }
    barrier();
}

// Three passes, so that the last one writes to the bins.
void sort_many(uint start, uint end) {
    uint thread = gl_LocalInvocationID.x;
    for (uint pass = 0u; pass < 3u; ++pass) {
        find_places(start, end, pass);
        for (uint from = start; from < end; from += 64u) {
            bool is_there = from + thread < end;
            uint triangle = is_there ? load(pass == 1u, from + thread) : 0u;
            uint digit = is_there ? digit_of(triangle, pass) : DIGITS;
            others[thread] = digit;
            barrier();
            // Those with the same digit stay in order.
            uint before = 0u;
            for (uint i = 0u; i < thread; ++i) {
                before += others[i] == digit ? 1u : 0u;
            }
            uint place = is_there ? places[digit] + before : 0u;
            barrier();
            if (is_there) {
                atomicAdd(places[digit], 1u);
                if (pass == 1u) {
                    unsorted.data[place] = triangle;
                } else {
                    bins.data[place] = triangle;
                }
            }
            barrier();
        }
        // The next pass reads what all invocations wrote.
        memoryBarrierBuffer();
        barrier();
    }
}

void main() {
    uint own = workgroup();
    if (own >= uint(list.data.length())) {
        return;
    }
    uint start = list.data[own].start;
    uint end = min(list.data[own].end, uint(unsorted.data.length()));
    if (start + FEW < end) {
        sort_many(start, end);
    } else {
        sort_few(start, end);
    }
}
