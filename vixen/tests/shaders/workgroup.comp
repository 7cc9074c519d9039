#version 460
// Writes how many invocations a workgroup has, which a specialisation constant says.
layout(local_size_x_id = 3) in;
layout(constant_id = 3) const uint group = 64;
layout(set = 0, binding = 0, std430) writeonly buffer Values { uint values[]; } values;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < values.values.length()) {
        values.values[index] = gl_WorkGroupSize.x;
    }
}
