#version 460
// Casts one ray a pixel: a uniform block, a run-time array, a storage image, push constants and a specialisation constant.
layout(local_size_x = 8, local_size_y = 8) in;
struct Sun {
    vec3 direction;
    float intensity;
};
layout(std140, binding = 0) uniform CameraUniform {
    mat4 view;
    vec3 eye;
    float fov;
    Sun sun;
} camera;
struct Brick {
    uint mask[4];
};
layout(std430, binding = 1) readonly buffer Scene {
    Brick bricks[];
} scene;
layout(binding = 2, rgba16f) uniform writeonly image2D color;
layout(push_constant) uniform MarchParams {
    uint steps;
    float bias;
} params;
layout(constant_id = 3) const uint QUALITY = 2;

void main() {
    uint hits = scene.bricks[0].mask[1] * params.steps * QUALITY;
    vec3 light = camera.eye * camera.fov + camera.sun.direction * camera.sun.intensity;
    imageStore(color, ivec2(gl_GlobalInvocationID.xy), vec4(light, float(hits) + params.bias));
}
