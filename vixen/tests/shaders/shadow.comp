#version 460
// Compares with a depth image.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform sampler2DShadow depth;
layout(set = 0, binding = 1, std430) writeonly buffer Values { float values[]; } values;

void main() {
    values.values[0] = textureLod(depth, vec3(0.5, 0.5, 0.25), 0.0);
    values.values[1] = textureLod(depth, vec3(0.5, 0.5, 0.75), 0.0);
}
