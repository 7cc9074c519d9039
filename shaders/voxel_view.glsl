// The camera and the parameters that all voxel pipelines share. Uses binding 0 of set 0 and the push constants.

layout(set = 0, binding = 0, std140) uniform Camera {
    vec4 position;
    vec4 right;
    vec4 up;
    vec4 forward;
} camera;

layout(push_constant, std430) uniform Params {
    uvec3 scene_size;
    uint scene_levels;
    vec3 sun_direction;
    float occlusion;
    vec3 sun_color;
    float haze;
    vec3 sky_zenith;
    float haze_height;
    vec3 sky_horizon;
    float exposure;
    vec3 floor_color;
    float floor_radius;
#ifdef EXTENT_IN_PARAMS
    // Of the picture, where no image tells it: in fragment shaders.
    uvec2 extent;
#endif
} params;

// The ray of a pixel's centre, or of where the camera is jittered to in the pixel: not of length 1, so that nothing is rounded twice.
vec3 primary_direction(ivec2 pixel, ivec2 extent) {
    vec2 at = (vec2(pixel) + 0.5 + vec2(camera.right.w, camera.up.w)) / vec2(extent) * 2.0 - 1.0;
    float aspect = float(extent.x) / float(extent.y);
    return camera.forward.xyz + camera.right.xyz * (at.x * aspect) - camera.up.xyz * at.y;
}
