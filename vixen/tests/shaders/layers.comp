#version 460
// The texel (0, 0) of every layer of an image.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform usampler2DArray stack;
layout(set = 0, binding = 1, std430) writeonly buffer Values { uint values[]; } values;

void main() {
    for (int layer = 0; layer < textureSize(stack, 0).z; ++layer) {
        values.values[layer] = texelFetch(stack, ivec3(0, 0, layer), 0).r;
    }
}
