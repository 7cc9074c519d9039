#version 460
// As little work as a node can have: one workgroup adds to 64 numbers in place.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std140) uniform Tick { uint amount; } tick;
layout(set = 0, binding = 1, std430) buffer Values { uint values[]; } values;
layout(push_constant) uniform Params { uint factor; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < values.values.length()) {
        values.values[index] += tick.amount * params.factor;
    }
}
