// The voxel and the face that each pixel's ray hits, for comparison with a reference: xyz and face; -1, -1, -1 and 7 for none. Or,
// in place of the face, the iterations that it took. Include a structure's trace() first. Uses binding 6 of set 0.

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 6, rgba32i) writeonly uniform iimage2D hits;

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(hits);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    Hit hit;
    vec3 direction = primary_direction(pixel, extent);
    bool found = trace(ivec3(params.scene_size), int(params.scene_levels), camera.position.xyz, direction, 1e30, hit);
    ivec4 seen = found ? ivec4(hit.voxel, int(hit.face)) : ivec4(-1, -1, -1, 7);
    imageStore(hits, pixel, COUNTS ? ivec4(seen.xyz, int(iterations)) : seen);
}
