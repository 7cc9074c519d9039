// Triangles as voxels: `fill` of vixen-nodes/src/voxel/voxelise.rs and what it calls, with the same operations in the same order on numbers
// that are rounded the same way (hence `precise`), so that the very same voxels are found. Uses bindings 0 and 8 to 11 of set 0.
//
// *measure* finds the solid voxels of a brick, a triangle and a layer of its voxels an invocation, and keeps them for *emit*, which looks
// at all triangles for each of them. So small triangles, of which most surfaces consist, keep all invocations busy.

#include "voxel_normal.glsl"

const float REACH = 1.0 / 4096.0;

struct Vertex {
    float position[3];
    float normal[3];
};

struct Triangle {
    uint corners[3];
    uint material;
};

// A brick that triangles may touch.
struct Listed {
    // 64 times its cell, and its number there.
    uint slot;
    // Its first triangle in the bins.
    uint start;
};

layout(set = 0, binding = 0, std430) readonly buffer Vertices { Vertex data[]; } vertices;
layout(set = 0, binding = 8, std430) readonly buffer Triangles { Triangle data[]; } triangles;
// Triangles of bricks, one brick after another.
layout(set = 0, binding = 9, std430) readonly buffer Bins { uint data[]; } bins;
// All such bricks; the last is none and ends the one before.
layout(set = 0, binding = 10, std430) readonly buffer List { Listed data[]; } list;
// Their solid voxels, 16 words each.
#ifdef MEASURES
layout(set = 0, binding = 11, std430) writeonly buffer Solid { uint data[]; } solid_of;
#else
layout(set = 0, binding = 11, std430) readonly buffer Solid { uint data[]; } solid_of;
#endif

// A linear function of two coordinates.
struct Linear {
    float u;
    float v;
    float constant;
};

float value_at(Linear linear, float u, float v) {
    precise float value = linear.u * u + (linear.v * v + linear.constant);
    return value;
}

// How far inside of a side a point is in the projection along an axis.
Linear inward(vec3 edge, vec3 corner, vec3 normal, int axis) {
    int u = (axis + 1) % 3;
    int v = (axis + 2) % 3;
    precise float turn = normal[axis] >= 0.0 ? 1.0 : -1.0;
    precise float by_u = -(edge[v] * turn);
    precise float by_v = edge[u] * turn;
    precise float constant = -(by_u * corner[u] + by_v * corner[v]);
    return Linear(by_u, by_v, constant);
}

// The same for voxels by their corner with the least coordinates.
Linear side_of(vec3 edge, vec3 corner, vec3 normal, int axis) {
    Linear side = inward(edge, corner, normal, axis);
    precise float reach = (abs(side.u) + abs(side.v)) * REACH;
    precise float constant = side.constant + max(side.u, 0.0) + max(side.v, 0.0) + reach;
    side.constant = constant;
    return side;
}

vec3 cross_of(vec3 a, vec3 b) {
    precise vec3 result = vec3(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y);
    return result;
}

vec3 position_of(uint vertex) {
    float at[3] = vertices.data[vertex].position;
    return vec3(at[0], at[1], at[2]);
}

vec3 normal_of(uint vertex) {
    float direction[3] = vertices.data[vertex].normal;
    return vec3(direction[0], direction[1], direction[2]);
}

// A triangle's tests for the voxels of a brick, from whose origin corners count.
struct Tests {
    vec3 normal;
    float under;
    float over;
    // The box of voxels around it, cut off by the brick.
    ivec3 low;
    ivec3 high;
    // In the projections along x, y and z.
    Linear sides[3][3];
    uint material;
#ifndef MEASURES
    // How much each corner counts, as functions of the coordinates after this axis; and the normals at the corners.
    int axis;
    Linear weights[3];
    vec3 normals[3];
#endif
};

// So many triangles are prepared side by side, an invocation each.
const uint SIDE_BY_SIDE = 32u;
shared Tests tests[SIDE_BY_SIDE];

void prepare(uint index, Triangle triangle, vec3 origin) {
    precise vec3 a = position_of(triangle.corners[0]) - origin;
    precise vec3 b = position_of(triangle.corners[1]) - origin;
    precise vec3 c = position_of(triangle.corners[2]) - origin;
    vec3 corners[3] = vec3[3](a, b, c);
    precise vec3 ab = b - a;
    precise vec3 bc = c - b;
    precise vec3 ca = a - c;
    vec3 edges[3] = vec3[3](ab, bc, ca);
    vec3 normal = cross_of(ab, bc);

    precise float away = normal.x * a.x + (normal.y * a.y + normal.z * a.z);
    precise vec3 shrunk = abs(normal) * REACH;
    precise float reach = shrunk.x + shrunk.y + shrunk.z;
    vec3 least = min(normal, vec3(0.0));
    vec3 most = max(normal, vec3(0.0));
    precise float under = least.x + least.y + least.z - away - reach;
    precise float over = most.x + most.y + most.z - away + reach;
    tests[index].normal = normal;
    tests[index].under = under;
    tests[index].over = over;
    tests[index].low = ivec3(max(floor(min(min(a, b), c)), vec3(0.0)));
    tests[index].high = ivec3(min(floor(max(max(a, b), c)), vec3(7.0)));
    tests[index].material = triangle.material;
    for (int axis = 0; axis < 3; ++axis) {
        for (int side = 0; side < 3; ++side) {
            tests[index].sides[axis][side] = side_of(edges[side], corners[side], normal, axis);
        }
    }
#ifndef MEASURES
    vec3 size = abs(normal);
    int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
    tests[index].axis = axis;
    // Without normals of its own it counts everywhere as at one corner: by its area.
    bool is_flat = true;
    for (int corner = 0; corner < 3; ++corner) {
        vec3 own = normal_of(triangle.corners[corner]);
        is_flat = is_flat && own == vec3(0.0);
        tests[index].normals[corner] = own == vec3(0.0) ? normal : own;
    }
    for (int corner = 0; corner < 3; ++corner) {
        int side = (corner + 1) % 3;
        bool constant = is_flat || size[axis] == 0.0;
        Linear everywhere = Linear(0.0, 0.0, is_flat && corner > 0 ? 0.0 : 1.0);
        tests[index].weights[corner] = constant ? everywhere : inward(edges[side], corners[side], normal, axis);
    }
#endif
}

// Prepares the triangles from a place in the bins on, as many as there is room for; says how many there are.
uint prepare_from(uint begin, uint end, uvec3 origin) {
    uint thread = gl_LocalInvocationID.x;
    uint count = min(end - begin, SIDE_BY_SIDE);
    // Those before have been looked at.
    barrier();
    if (thread < count) {
        prepare(thread, triangles.data[bins.data[begin + thread]], vec3(origin));
    }
    barrier();
    return count;
}

bool inside(Linear sides[3], float u, float v) {
    return value_at(sides[0], u, v) >= 0.0 && value_at(sides[1], u, v) >= 0.0 && value_at(sides[2], u, v) >= 0.0;
}

// Whether a triangle's plane passes through a voxel.
bool meets_plane(uint index, vec3 at) {
    vec3 normal = tests[index].normal;
    precise float rest = normal.y * at.y + normal.z * at.z;
    precise float along = normal.x * at.x + rest;
    precise float along_under = along + tests[index].under;
    precise float along_over = along + tests[index].over;
    return along_under <= 0.0 && along_over >= 0.0;
}

// The brick in the list that the workgroup builds, and its triangles in the bins.
uint own;
uint own_start;
uint own_end;

// Which brick the workgroup builds; none past the end of the list.
bool find(out uint cell, out uint number) {
    own = gl_WorkGroupID.y + gl_WorkGroupID.z * gl_NumWorkGroups.y;
    if (own + 1u >= uint(list.data.length())) {
        return false;
    }
    Listed brick = list.data[own];
    own_start = brick.start;
    own_end = list.data[own + 1u].start;
    cell = brick.slot >> 6;
    number = brick.slot & 63u;
    return true;
}

#ifdef MEASURES

shared uint solid[16];
// The last triangle that touches each voxel, from 1 on, which gives it its material; and whether they have different ones.
shared uint last_of[512];
shared uint different;

// The number of a voxel in its brick.
uint morton_of(uvec3 at) {
    uvec3 spread = at & 1u | (at & 2u) << 2 | (at & 4u) << 4;
    return spread.x | spread.y << 1 | spread.z << 2;
}

// Finds the voxels of a layer that a triangle touches.
void fill_layer(uint index, int z, uint nth) {
    ivec3 low = tests[index].low;
    ivec3 high = tests[index].high;
    if (z < low.z || z > high.z) {
        return;
    }
    Linear along_x[3] = tests[index].sides[0];
    Linear along_y[3] = tests[index].sides[1];
    Linear along_z[3] = tests[index].sides[2];
    uint columns = 0u;
    for (int x = low.x; x <= high.x; ++x) {
        columns |= inside(along_y, float(z), float(x)) ? 1u << x : 0u;
    }
    for (int y = low.y; columns != 0u && y <= high.y; ++y) {
        if (!inside(along_x, float(y), float(z))) {
            continue;
        }
        for (uint open = columns; open != 0u; open &= open - 1u) {
            int x = findLSB(open);
            if (meets_plane(index, vec3(x, y, z)) && inside(along_z, float(x), float(y))) {
                uint number = morton_of(uvec3(x, y, z));
                atomicOr(solid[number >> 5], 1u << (number & 31u));
                if (different != 0u) {
                    atomicMax(last_of[number], nth + 1u);
                }
            }
        }
    }
}

uint material_of(uint nth) {
    return triangles.data[bins.data[own_start + nth]].material;
}

// The bits of an octet's voxels that are solid.
uint solid_bits(uvec3 origin, uint octet) {
    uint thread = gl_LocalInvocationID.x;
    if (thread < 16u) {
        solid[thread] = 0u;
    }
    if (thread == 0u) {
        different = 0u;
    }
    for (uint i = thread; i < 512u; i += 64u) {
        last_of[i] = 1u;
    }
    barrier();
    uint material = material_of(0u);
    for (uint nth = thread; nth < own_end - own_start; nth += 64u) {
        if (material_of(nth) != material) {
            different = 1u;
        }
    }
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        uint count = prepare_from(begin, own_end, origin);
        for (uint task = thread; task < count * 8u; task += 64u) {
            fill_layer(task >> 3, int(task & 7u), begin - own_start + (task >> 3));
        }
    }
    barrier();
    if (thread < 16u) {
        solid_of.data[own * 16u + thread] = solid[thread];
    }
    return solid[octet >> 2] >> ((octet & 3u) * 8u) & 255u;
}

// The material of a solid voxel; any direction will do for its normal.
void look_at(bool is_solid, uvec3 origin, uint number, inout uint material, inout uint normal) {
    if (is_solid) {
        material = material_of(last_of[number] - 1u);
        normal = 0u;
    }
}

#else

// Whether a triangle touches a voxel.
bool touches(uint index, ivec3 voxel) {
    if (any(lessThan(voxel, tests[index].low)) || any(greaterThan(voxel, tests[index].high))) {
        return false;
    }
    vec3 at = vec3(voxel);
    return meets_plane(index, at) && inside(tests[index].sides[2], at.x, at.y) && inside(tests[index].sides[1], at.z, at.x)
        && inside(tests[index].sides[0], at.y, at.z);
}

// The normal of a triangle at a voxel.
vec3 smooth_normal(uint index, vec3 at) {
    int axis = tests[index].axis;
    vec3 middle = at + 0.5;
    float u = middle[(axis + 1) % 3];
    float v = middle[(axis + 2) % 3];
    float by_a = max(value_at(tests[index].weights[0], u, v), 0.0);
    float by_b = max(value_at(tests[index].weights[1], u, v), 0.0);
    float by_c = max(value_at(tests[index].weights[2], u, v), 0.0);
    precise vec3 normal = tests[index].normals[0] * by_a + (tests[index].normals[1] * by_b + tests[index].normals[2] * by_c);
    return normal;
}

// The bits of an octet's voxels that are solid.
uint solid_bits(uvec3 origin, uint octet) {
    return solid_of.data[own * 16u + (octet >> 2)] >> ((octet & 3u) * 8u) & 255u;
}

// The first of the triangles that are prepared.
uint prepared = 0xFFFFFFFFu;
uint prepared_count;

// The material of a solid voxel, and its normal. All invocations of the workgroup come here together.
void look_at(bool is_solid, uvec3 origin, uint number, inout uint material, inout uint normal) {
    ivec3 voxel = ivec3(unmorton(number));
    precise vec3 sum = vec3(0.0);
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        if (prepared != begin) {
            prepared = begin;
            prepared_count = prepare_from(begin, own_end, origin);
        }
        for (uint index = 0u; is_solid && index < prepared_count; ++index) {
            if (touches(index, voxel)) {
                precise vec3 next = sum + smooth_normal(index, vec3(voxel));
                sum = next;
                material = tests[index].material;
            }
        }
    }
    if (is_solid) {
        normal = encode_normal(sum);
    }
}

#endif
