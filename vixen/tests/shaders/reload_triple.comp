#version 460
// As reload.comp, but triples, in other workgroups.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0, std430) readonly buffer Source { uint values[]; } source;
layout(set = 0, binding = 1, std430) writeonly buffer Target { uint values[]; } target;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < target.values.length()) {
        target.values[index] = 3 * source.values[index] + params.amount;
    }
}
