// The light along a primary ray, whichever way its hit was found, and how far away it comes from: 0 where it comes from the sky or
// the floor. Include voxel_light.glsl first.

vec4 picture(bool found, Hit hit, vec3 origin, vec3 direction, ivec2 extent) {
    ivec3 size = ivec3(params.scene_size);
    int levels = int(params.scene_levels);
    float stretch = length(direction);
    vec3 unit = direction / stretch;
    float way = found ? hit.t * stretch : 0.0;
    vec3 light;
    if (found) {
        float pixel_angle = 2.0 * length(camera.up.xyz) / float(extent.y);
        light = shade(size, levels, origin, direction, hit, way * pixel_angle);
        light = through_haze(light, origin, unit, way);
    } else {
        light = add_floor(sky(unit) + sun_disc(unit), size, levels, origin, unit);
    }
    return vec4(light * params.exposure, way);
}
