// One box a voxel, to compare larger ones with. Include voxel_step.glsl first. Uses binding 8 of set 0.

// x and y of a voxel in 16 bits each, then z.
layout(set = 0, binding = 8, std430) readonly buffer Cubes { uvec2 data[]; } cubes;

bool enter_cube(Ray ray, uint index, out Place place) {
    uvec2 cube = cubes.data[index];
    ivec3 low = ivec3(cube.x & 0xFFFFu, cube.x >> 16, cube.y);
    return enter_box(ray, low, low + 1, 0.0, place);
}
