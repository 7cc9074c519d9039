// The program of ray generation shaders that say which voxel and face each pixel's ray hits. Uses bindings 0, 6 and 7 of set 0 and the payload
// at location 0.

#include "voxel_view.glsl"
#include "voxel_step.glsl"
#include "voxel_ray.glsl"

layout(set = 0, binding = 6, rgba32i) writeonly uniform iimage2D hits;

layout(location = 0) rayPayloadEXT Hit seen;

#include "voxel_cast.glsl"

void write_hit(uint flags) {
    ivec2 pixel = ivec2(gl_LaunchIDEXT.xy);
    vec3 direction = primary_direction(pixel, ivec2(gl_LaunchSizeEXT.xy));
    bool found = cast_through_boxes(flags, ivec3(params.scene_size), camera.position.xyz, direction) && seen.face != FACE_NONE;
    imageStore(hits, pixel, found ? ivec4(seen.voxel, int(seen.face)) : ivec4(-1, -1, -1, 7));
}
