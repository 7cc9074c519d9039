#version 460
// Fills every layer of an array that it is given.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, r32ui) uniform writeonly uimage2DArray color;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    ivec3 at = ivec3(gl_GlobalInvocationID);
    if (all(lessThan(at, imageSize(color)))) {
        imageStore(color, at, uvec4(params.amount + uint(at.z)));
    }
}
