// Casting a pixel's ray through the boxes of an acceleration structure. Include voxel_step.glsl first. Uses binding 7 of set 0 and the payload at
// location 0, which is the including shader's.

layout(set = 0, binding = 7) uniform accelerationStructureEXT boxes;

// How far beyond the scene rays are still cast: more than roundings come to, and than boxes reach beyond their voxels.
const float BEYOND = 1.0;

// Casts a ray from where it comes near the scene to where it leaves it; the payload says what became of it. Or says false, and nothing is
// called, of a ray that passes the scene by: to look for boxes is what costs most for rays that meet none.
bool cast_through_boxes(uint flags, ivec3 size, vec3 origin, vec3 direction) {
    vec3 inverse = 1.0 / safe_direction(direction);
    vec3 low = (vec3(-BEYOND) - origin) * inverse;
    vec3 high = (vec3(size) + BEYOND - origin) * inverse;
    vec3 near = min(low, high);
    vec3 far = max(low, high);
    float start = max(max(near.x, near.y), max(near.z, 0.0));
    float end = min(far.x, min(far.y, far.z));
    if (start >= end) {
        return false;
    }
    traceRayEXT(boxes, gl_RayFlagsOpaqueEXT | flags, 0xFF, 0, 0, 0, origin, start, direction, end, 0);
    return true;
}
