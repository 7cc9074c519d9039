#version 460
// The texel (0, 0) of every mip level of an image.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform usampler2D chain;
layout(set = 0, binding = 1, std430) writeonly buffer Values { uint values[]; } values;

void main() {
    for (int level = 0; level < textureQueryLevels(chain); ++level) {
        values.values[level] = texelFetch(chain, ivec2(0), level).r;
    }
}
