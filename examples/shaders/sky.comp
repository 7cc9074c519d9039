#version 460
// An evening sky: light that fades from the horizon up, as linear colour.
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0, rgba16f) uniform writeonly image2D color;
layout(push_constant) uniform Glow { float value; } glow;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(color);
    if (all(lessThan(pixel, extent))) {
        float height = 1.0 - (float(pixel.y) + 0.5) / float(extent.y);
        vec3 light = vec3(0.05, 0.12, 0.3) + glow.value * vec3(1.0, 0.4, 0.12) * exp(-4.0 * height);
        imageStore(color, pixel, vec4(light, 1.0));
    }
}
