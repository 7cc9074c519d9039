#version 460
// As reload.comp, but stores where the node only reads.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) buffer Source { uint values[]; } source;
layout(set = 0, binding = 1, std430) writeonly buffer Target { uint values[]; } target;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < target.values.length()) {
        source.values[index] = 0;
        target.values[index] = 2 * source.values[index] + params.amount;
    }
}
