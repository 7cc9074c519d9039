#version 460
// The same with an image and two samplers that are bindings of their own.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) uniform texture2D source;
layout(set = 0, binding = 1) uniform sampler smooth_sampler;
layout(set = 0, binding = 2) uniform sampler sharp_sampler;
layout(set = 0, binding = 3, std430) writeonly buffer Values { float values[]; } values;

void main() {
    values.values[0] = textureLod(sampler2D(source, smooth_sampler), vec2(0.25, 0.5), 0.0).r;
    values.values[1] = textureLod(sampler2D(source, sharp_sampler), vec2(1.125, 0.5), 0.0).r;
}
