#version 460
// Sums two buffers, element by element.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0, std430) readonly buffer A { uint values[]; } a;
layout(set = 0, binding = 1, std430) readonly buffer B { uint values[]; } b;
layout(set = 0, binding = 2, std430) writeonly buffer Total { uint values[]; } total;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < total.values.length()) {
        total.values[index] = a.values[index] + b.values[index];
    }
}
