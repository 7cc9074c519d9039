#version 460
// Writes x + 256 y + offset to every texel.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, r32ui) uniform writeonly uimage2D color;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (all(lessThan(at, imageSize(color)))) {
        imageStore(color, at, uvec4(uint(at.x) + 256u * uint(at.y) + params.amount));
    }
}
