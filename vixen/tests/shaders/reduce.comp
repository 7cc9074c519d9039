#version 460
// Each texel is the sum of four of the level above.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, r32ui) uniform readonly uimage2D fine;
layout(set = 0, binding = 1, r32ui) uniform writeonly uimage2D coarse;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (all(lessThan(at, imageSize(coarse)))) {
        uint sum = imageLoad(fine, 2 * at).r + imageLoad(fine, 2 * at + ivec2(1, 0)).r
            + imageLoad(fine, 2 * at + ivec2(0, 1)).r + imageLoad(fine, 2 * at + ivec2(1, 1)).r;
        imageStore(coarse, at, uvec4(sum));
    }
}
