#version 460

// From scene light to a picture: a filmic curve, the sRGB transfer function, and dithering against bands in the sky.

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, rgba16f) readonly uniform image2D hdr;
layout(set = 0, binding = 1, rgba8) writeonly uniform image2D ldr;

// Narkowicz's fit of the ACES curve, run on colours that are first pulled a little towards grey, so that bright ones lose their hue.
vec3 film(vec3 light) {
    float grey = dot(light, vec3(0.2126, 0.7152, 0.0722));
    vec3 x = mix(light, vec3(grey), 0.06 + 0.20 * clamp((grey - 1.0) * 0.2, 0.0, 1.0));
    return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}

// The image is stored as plain numbers, so the transfer function is applied here.
vec3 to_srgb(vec3 linear) {
    return mix(1.055 * pow(linear, vec3(1.0 / 2.4)) - 0.055, 12.92 * linear, lessThanEqual(linear, vec3(0.0031308)));
}

// Interleaved gradient noise (Jimenez 2014), 0 to 1.
float noise(ivec2 pixel) {
    return fract(52.9829189 * fract(dot(vec2(pixel), vec2(0.06711056, 0.00583715))));
}

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(pixel, imageSize(ldr)))) {
        return;
    }
    vec3 light = max(imageLoad(hdr, pixel).rgb, vec3(0.0));
    vec3 color = to_srgb(film(light)) + (noise(pixel) - 0.5) / 255.0;
    imageStore(ldr, pixel, vec4(color, 1.0));
}
