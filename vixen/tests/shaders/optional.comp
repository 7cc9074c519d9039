#version 460
// Adds an optional second buffer where there is one.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Base { uint values[]; } base;
layout(set = 0, binding = 1, std430) readonly buffer Extra { uint values[]; } extra;
layout(set = 0, binding = 2, std430) writeonly buffer Total { uint values[]; } total;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < total.values.length()) {
        uint sum = base.values[index];
        if (params.amount != 0) {
            sum += extra.values[index];
        }
        total.values[index] = sum;
    }
}
