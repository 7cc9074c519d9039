#version 460
// A uniform block with an array, whose stride std140 rounds up to 16 bytes.
layout(local_size_x = 1) in;
layout(std140, binding = 0) uniform Lights {
    uint count;
    float power[4];
} lights;
layout(std430, binding = 1) writeonly buffer Sum {
    float total;
} sum;

void main() {
    sum.total = lights.power[lights.count & 3];
}
