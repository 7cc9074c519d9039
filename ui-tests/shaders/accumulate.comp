#version 460
// Adds to an image in place.
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0, rgba16f) uniform image2D total;
layout(binding = 1, rgba16f) uniform readonly image2D addend;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    imageStore(total, at, imageLoad(total, at) + imageLoad(addend, at));
}
