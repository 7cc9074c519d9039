#version 460
// A three-dimensional image of unsigned integers, sampled.
layout(local_size_x = 1) in;
layout(binding = 0) uniform usampler3D volume;
layout(std430, binding = 1) writeonly buffer Sum {
    uint total;
} sum;

void main() {
    sum.total = texelFetch(volume, ivec3(0), 0).x;
}
