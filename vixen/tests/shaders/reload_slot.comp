#version 460
// As reload.comp, with another binding.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Source { uint values[]; } source;
layout(set = 0, binding = 1, std430) writeonly buffer Target { uint values[]; } target;
layout(set = 0, binding = 2, std430) readonly buffer Other { uint values[]; } other;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < target.values.length()) {
        target.values[index] = source.values[index] + other.values[index] + params.amount;
    }
}
