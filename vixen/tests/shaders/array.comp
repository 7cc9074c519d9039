#version 460
// Sums a fixed array of buffers.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer Parts { uint values[]; } parts[3];
layout(set = 1, binding = 2, std430) writeonly buffer Total { uint values[]; } total;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < total.values.length()) {
        total.values[index] = parts[0].values[index] + parts[1].values[index] + parts[2].values[index];
    }
}
