#version 460
// Looks along all six axes of a cube.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform samplerCube sky;
layout(set = 0, binding = 1, std430) writeonly buffer Values { float values[]; } values;

void main() {
    vec3 axes[6] = vec3[](vec3(1, 0, 0), vec3(-1, 0, 0), vec3(0, 1, 0), vec3(0, -1, 0), vec3(0, 0, 1), vec3(0, 0, -1));
    for (int axis = 0; axis < 6; ++axis) {
        values.values[axis] = textureLod(sky, axes[axis], 0.0).r;
    }
}
