#version 460
// Darkens a picture towards its corners.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, rgba8) uniform readonly image2D picture;
layout(set = 0, binding = 1, rgba8) uniform writeonly image2D darkened;
layout(push_constant) uniform Strength { float value; } strength;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(darkened);
    if (all(lessThan(pixel, extent))) {
        vec2 from_middle = (vec2(pixel) + 0.5) / vec2(extent) - 0.5;
        float light = 1.0 - strength.value * dot(from_middle, from_middle);
        imageStore(darkened, pixel, vec4(imageLoad(picture, pixel).rgb * light, 1.0));
    }
}
