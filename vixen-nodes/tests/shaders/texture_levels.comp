#version 460
// The middle of each mip level of a texture.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform sampler2D source;
layout(set = 0, binding = 1, std430) writeonly buffer Values { vec4 values[]; } values;

void main() {
    for (int level = 0; level < textureQueryLevels(source); ++level) {
        values.values[level] = textureLod(source, vec2(0.5), float(level));
    }
}
