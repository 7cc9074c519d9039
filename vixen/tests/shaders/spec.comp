#version 460
// Writes a specialisation constant everywhere.
layout(local_size_x = 64) in;
layout(constant_id = 0) const uint factor = 1;
layout(constant_id = 1) const float offset = 0.0;
layout(set = 0, binding = 0, std430) writeonly buffer Values { uint values[]; } values;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < values.values.length()) {
        values.values[index] = index * factor + uint(offset);
    }
}
