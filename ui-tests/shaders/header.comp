#version 460
// A run-time array behind a header.
layout(local_size_x = 1) in;
layout(std430, binding = 0) readonly buffer Particles {
    uint count;
    vec4 position[];
} particles;
layout(std430, binding = 1) writeonly buffer Sum {
    float total;
} sum;

void main() {
    sum.total = particles.position[particles.count].x;
}
