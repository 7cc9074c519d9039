#version 460
// One more than the frame before.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, r32ui) uniform readonly uimage2D before;
layout(set = 0, binding = 1, r32ui) uniform writeonly uimage2D now;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (all(lessThan(at, imageSize(now)))) {
        imageStore(now, at, imageLoad(before, at) + 1u);
    }
}
