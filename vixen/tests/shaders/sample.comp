#version 460
// Samples at five places along x: in a texel, between two, and beyond both ends.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform sampler2D source;
layout(set = 0, binding = 1, std430) writeonly buffer Values { float values[]; } values;

void main() {
    float places[5] = float[](0.125, 0.25, 0.625, -0.125, 1.125);
    for (int place = 0; place < 5; ++place) {
        values.values[place] = textureLod(source, vec2(places[place], 0.5), 0.0).r;
    }
}
