#version 460

// Adds rings of light around a point to what is in an image.

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, rgba8) uniform image2D color;

layout(set = 0, binding = 1) uniform Light {
    vec3 color;
    float fading;
} light;

layout(push_constant) uniform Rings {
    vec2 center;
    float width;
} rings;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(color);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    float distance = length(vec2(pixel) + 0.5 - rings.center * vec2(extent)) / rings.width;
    float bright = exp(-light.fading * floor(distance)) * (1.0 - fract(distance));
    imageStore(color, pixel, imageLoad(color, pixel) + vec4(bright * light.color, 0.0));
}
