#version 460
// Doubles, and adds a constant: the module that the test of reloading is built with.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Source { uint values[]; } source;
layout(set = 0, binding = 1, std430) writeonly buffer Target { uint values[]; } target;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < target.values.length()) {
        target.values[index] = 2 * source.values[index] + params.amount;
    }
}
