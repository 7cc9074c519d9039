#version 460
// Adds to every element in place.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) buffer Values { uint values[]; } values;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < values.values.length()) {
        values.values[index] += params.amount;
    }
}
