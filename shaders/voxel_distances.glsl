// How far it is to the nearest voxel. vixen-nodes/src/voxel/distance.rs explains the words. Uses binding 8 of set 0.

#define DISTANCES

layout(set = 0, binding = 8, std430) readonly buffer Distances { uint data[]; } distances;

// In cubes, along the axis on which it is farthest, from a cube of the field.
int distance_at(ivec3 cube) {
    ivec3 extent = ivec3(distances.data[1], distances.data[2], distances.data[3]);
    cube = clamp(cube, ivec3(0), extent - 1);
    int index = (cube.z * extent.y + cube.y) * extent.x + cube.x;
    return int(distances.data[4 + (index >> 3)] >> (4 * (index & 7)) & 15u);
}
