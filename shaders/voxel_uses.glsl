// Which bricks rays look into, a bit each, so that they are brought to the device or stay there. Include before voxel_trace.glsl.
// Uses binding 9 of set 0.

#define USES

layout(set = 0, binding = 9, std430) buffer Uses { uint data[]; } uses;

void use_brick(uint brick) {
    uint word = brick >> 5;
    uint bit = 1u << (brick & 31u);
    // Most rays look into bricks that others have looked into, and a load costs less than an atomic.
    if ((uses.data[word] & bit) == 0u) {
        atomicOr(uses.data[word], bit);
    }
}
