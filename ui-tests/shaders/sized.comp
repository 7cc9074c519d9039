#version 460
// Arrays whose length a specialisation constant says: of a block, of bindings and of shared memory.
layout(local_size_x_id = 1) in;
layout(constant_id = 0) const uint COUNT = 4;
layout(std430, binding = 0) readonly buffer Weights {
    float weights[COUNT];
} weights;
layout(std430, binding = 1) writeonly buffer Sum {
    float total;
} sum;
shared float partial[COUNT];
void main() {
    partial[gl_LocalInvocationID.x % COUNT] = weights.weights[gl_LocalInvocationID.x % COUNT];
    barrier();
    if (gl_LocalInvocationID.x == 0) sum.total = partial[0] + partial[COUNT - 1];
}
