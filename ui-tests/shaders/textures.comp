#version 460
#extension GL_EXT_nonuniform_qualifier : require
// A fixed and a run-time array of images, with a sampler apart.
layout(local_size_x = 1) in;
layout(binding = 0) uniform texture2D layers[4];
layout(binding = 1) uniform sampler filtering;
layout(set = 1, binding = 0) uniform texture2D textures[];
layout(binding = 2, rgba16f) uniform writeonly image2D result;

void main() {
    vec4 layer = textureLod(sampler2D(layers[1], filtering), vec2(0.5), 0.0);
    vec4 other = textureLod(sampler2D(textures[nonuniformEXT(gl_GlobalInvocationID.x)], filtering), vec2(0.5), 0.0);
    imageStore(result, ivec2(0), layer + other);
}
