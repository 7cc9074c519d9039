// Triangles as voxels: `fill` of vixen-nodes/src/voxel/voxelise.rs. Uses bindings 0 and 8 to 10 of set 0.
//
// Which triangles touch which voxels of a brick is found by a triangle an invocation; then a voxel's invocation adds up their normals in order.

#include "voxel_normal.glsl"
#include "voxel_morton.glsl"
#include "build_triangle.glsl"

// Triangles of bricks, one brick after another.
layout(set = 0, binding = 9, std430) readonly buffer Bins { uint data[]; } bins;
// All such bricks.
layout(set = 0, binding = 10, std430) readonly buffer List { Listed data[]; } list;

// The brick in the list that the workgroup builds, and its triangles in the bins.
uint own;
uint own_start;
uint own_end;

// Which brick the workgroup builds; none past the end of the list.
bool find(out uint cell, out uint number) {
    own = workgroup();
    if (own >= uint(list.data.length())) {
        return false;
    }
    Listed brick = list.data[own];
    own_start = brick.start;
    own_end = min(brick.end, uint(bins.data.length()));
    if (own_start >= own_end) {
        return false;
    }
    cell = brick.slot >> 6;
    number = brick.slot & 63u;
    return true;
}

// Is told each triangle, numbered from the first that is looked for, and its normal.
void meet(uint number, uint index, Triangle triangle, vec3 normal);

// Is told which voxels of a row along x a triangle touches; the row is told by the number of its first voxel.
void touch(uint number, uint row, uint first);

// Finds the voxels that so many triangles touch, from one in the bins on. Where they are few, several invocations share each, by rows.
void touch_all(uint begin, uint count, uvec3 origin) {
    uint shift = count > 32u ? 0u : count > 16u ? 1u : count > 8u ? 2u : count > 4u ? 3u : count > 2u ? 4u : count > 1u ? 5u : 6u;
    uint share = 1u << shift;
    for (uint task = gl_LocalInvocationID.x; task < count << shift; task += 64u) {
        uint number = task >> shift;
        uint part = task & share - 1u;
        uint index = bins.data[begin + number];
        Triangle triangle = triangles.data[index];
        Tests tests = tests_of(corners_of(triangle, vec3(origin)), 1.0);
        if (part == 0u) {
            meet(number, index, triangle, tests.normal);
        }
        ivec2 size = tests.high.yz - tests.low.yz + 1;
        float of_a_layer = 1.0 / float(size.x);
        for (int i = int(part); i < size.x * size.y; i += int(share)) {
            // To divide whole numbers is slow; these are below 64.
            int layer = int((float(i) + 0.5) * of_a_layer);
            int z = tests.low.z + layer;
            int y = tests.low.y + i - layer * size.x;
            uint row = row_at(tests, y, z);
            if (row != 0u) {
                touch(number, row, morton3(uvec3(0, y, z)));
            }
        }
    }
}

// So many triangles are looked at side by side.
const uint SIDE_BY_SIDE = 64u;
// A bit for each solid voxel.
shared uint solid[16];
// Which of them touch each voxel; their normals without those of corners.
shared uint touched_by[2][512];
shared vec4 normals_of[SIDE_BY_SIDE];
shared uint triangles_of[SIDE_BY_SIDE];
// The first of them in the bins.
uint prepared = 0xFFFFFFFFu;

void meet(uint number, uint index, Triangle triangle, vec3 normal) {
    normals_of[number] = sized(normal);
    bool is_flat = normal_of(triangle.corners[0]) == vec3(0.0) && normal_of(triangle.corners[1]) == vec3(0.0)
        && normal_of(triangle.corners[2]) == vec3(0.0);
    triangles_of[number] = index << 1 | (is_flat ? 0u : 1u);
}

void touch(uint number, uint row, uint first) {
    // Four neighbours are two pairs of bits; the next four are two words on.
    uint word = first >> 5;
    uint before = row & 3u | (row & 12u) << 6;
    uint behind = row >> 4 & 3u | (row & 0xC0u) << 2;
    if (before != 0u) {
        atomicOr(solid[word], before << (first & 31u));
    }
    if (behind != 0u) {
        atomicOr(solid[word + 2u], behind << (first & 31u));
    }
    for (; row != 0u; row &= row - 1u) {
        atomicOr(touched_by[number >> 5][first | morton3(uvec3(findLSB(row), 0, 0))], 1u << (number & 31u));
    }
}

// Finds which voxels the triangles from a place in the bins on touch, as many as there is room for.
void prepare_from(uint begin, uvec3 origin) {
    prepared = begin;
    // Those before have been looked at.
    barrier();
    for (uint i = gl_LocalInvocationID.x; i < 512u; i += 64u) {
        touched_by[0][i] = 0u;
        touched_by[1][i] = 0u;
    }
    barrier();
    touch_all(begin, min(own_end - begin, SIDE_BY_SIDE), origin);
    barrier();
}

// The bits of an octet's voxels that are solid.
uint solid_bits(uvec3 origin, uint octet) {
    if (gl_LocalInvocationID.x < 16u) {
        solid[gl_LocalInvocationID.x] = 0u;
    }
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        prepare_from(begin, origin);
    }
    return solid[octet >> 2] >> ((octet & 3u) * 8u) & 255u;
}

// The normal of one of the triangles that are prepared, with its size. Without normals at its corners it counts everywhere by its area.
vec4 normal_at(uint index, uvec3 origin, uint number) {
    vec4 area = normals_of[index];
    if ((triangles_of[index] & 1u) == 0u) {
        return area;
    }
    Triangle triangle = triangles.data[triangles_of[index] >> 1];
    vec4 normals[3];
    for (int corner = 0; corner < 3; ++corner) {
        vec3 normal = normal_of(triangle.corners[corner]);
        normals[corner] = normal == vec3(0.0) ? area : sized(normal);
    }
    return smooth_normal(corners_of(triangle, vec3(origin)), area.xyz, normals, vec3(unmorton(number)));
}

// The material of a solid voxel, and its normal. All invocations of the workgroup come here together.
void look_at(bool is_solid, uvec3 origin, uint number, inout uint material, inout uint normal) {
    precise vec4 sum = vec4(0.0);
    uint last = 0u;
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        if (prepared != begin) {
            prepare_from(begin, origin);
        }
        for (uint half_of = 0u; is_solid && half_of < 2u; ++half_of) {
            for (uint open = touched_by[half_of][number]; open != 0u; open &= open - 1u) {
                uint index = half_of * 32u + uint(findLSB(open));
                precise vec4 next = sum + normal_at(index, origin, number);
                sum = next;
                last = triangles_of[index] >> 1;
            }
        }
    }
    if (is_solid) {
        material = triangles.data[last].material;
        normal = encode_sum(sum);
    }
}
