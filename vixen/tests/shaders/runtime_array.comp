#version 460
#extension GL_EXT_nonuniform_qualifier : require
// Sums as many buffers as there are.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Parts { uint values[]; } parts[];
layout(set = 0, binding = 1, std430) writeonly buffer Total { uint values[]; } total;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < total.values.length()) {
        uint sum = 0;
        for (uint part = 0; part < params.amount; ++part) {
            sum += parts[nonuniformEXT(part)].values[index];
        }
        total.values[index] = sum;
    }
}
