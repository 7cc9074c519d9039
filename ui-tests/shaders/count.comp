#version 460
// Counts with an atomic operation: `total` is written, though nothing is stored.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer Items {
    uint words[];
} items;
layout(std430, binding = 1) buffer Total {
    uint count;
} total;

void main() {
    atomicAdd(total.count, items.words[gl_GlobalInvocationID.x]);
}
