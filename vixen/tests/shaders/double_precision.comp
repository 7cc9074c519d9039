#version 460
// Needs shaderFloat64.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) buffer Values { uint values[]; } values;

void main() {
    double third = double(values.values[0]) / 3.0lf;
    values.values[0] = uint(third);
}
