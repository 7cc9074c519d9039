#version 460
// A ramp: texel x of n holds x.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, r32f) uniform writeonly image2D color;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (all(lessThan(at, imageSize(color)))) {
        imageStore(color, at, vec4(float(at.x)));
    }
}
