#version 460
// Samples one image and stores to another.
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0) uniform sampler2D hdr;
layout(binding = 1, rgba8) uniform writeonly image2D ldr;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    imageStore(ldr, at, textureLod(hdr, vec2(at), 0.0));
}
