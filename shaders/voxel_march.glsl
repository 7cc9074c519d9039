// The program of all marching shaders: one primary ray a pixel, lit by sun and sky. Include a structure first: its trace(), is_solid()
// and surface(). Uses binding 6 of set 0.

#include "voxel_light.glsl"
#include "voxel_picture.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 6, rgba16f) writeonly uniform image2D color;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(color);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    vec3 origin = camera.position.xyz;
    vec3 direction = primary_direction(pixel, extent);
    Hit hit;
    bool found = trace(ivec3(params.scene_size), int(params.scene_levels), origin, direction, 1e30, hit);
    imageStore(color, pixel, picture(found, hit, origin, direction, extent));
}
