#version 460
// A colour for every pixel, by its place.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, rgba8) uniform writeonly image2D picture;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(picture);
    if (all(lessThan(pixel, extent))) {
        vec2 at = (vec2(pixel) + 0.5) / vec2(extent);
        imageStore(picture, pixel, vec4(mix(vec3(0.95, 0.45, 0.2), vec3(0.1, 0.35, 0.8), at.y) + 0.2 * at.x, 1.0));
    }
}
