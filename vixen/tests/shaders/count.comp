#version 460
// Adds to the first element, so that a test sees how often it ran.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) buffer Values { uint values[]; } values;

void main() {
    values.values[0] += 1;
}
