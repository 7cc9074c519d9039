#version 460
#extension GL_GOOGLE_include_directive : require

// One primary ray a pixel through the scene, lit by sun and sky.

#include "voxel_view.glsl"
#include "voxel_scene.glsl"
#include "voxel_trace.glsl"
#include "voxel_surface.glsl"
#include "voxel_light.glsl"

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 6, rgba16f) writeonly uniform image2D color;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(color);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    ivec3 size = ivec3(params.scene_size);
    int levels = int(params.scene_levels);
    vec3 origin = camera.position.xyz;
    vec3 direction = primary_direction(pixel, extent);
    float stretch = length(direction);
    vec3 unit = direction / stretch;

    vec3 light;
    Hit hit;
    if (trace(size, levels, origin, direction, 1e30, hit)) {
        float way = hit.t * stretch;
        float pixel_angle = 2.0 * length(camera.up.xyz) / float(extent.y);
        light = shade(size, levels, origin, direction, hit, way * pixel_angle);
        light = through_haze(light, origin, unit, way);
    } else {
        light = add_floor(sky(unit) + sun_disc(unit), size, levels, origin, unit);
    }
    imageStore(color, pixel, vec4(light * params.exposure, 1.0));
}
