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
float value_at(float by_u, float u, float by_v, float v, float constant) {
    precise float value = by_u * u + (by_v * v + constant);
    return value;
}

// How far inside of a side a point is in the projection along an axis, by the two coordinates after it.
vec2 inward(vec3 edge, vec3 normal, int axis) {
    precise float turn = normal[axis] >= 0.0 ? 1.0 : -1.0;
    precise vec2 by = vec2(-(edge[(axis + 2) % 3] * turn), edge[(axis + 1) % 3] * turn);
    return by;
}

// The constant of that function.
float constant_of(vec2 by, vec3 corner, int axis) {
    precise float constant = -(by.x * corner[(axis + 1) % 3] + by.y * corner[(axis + 2) % 3]);
    return constant;
}

// The same for voxels by their corner with the least coordinates.
float constant_of_voxels(vec3 edge, vec3 corner, vec3 normal, int axis) {
    vec2 by = inward(edge, normal, axis);
    precise float reach = (abs(by.x) + abs(by.y)) * REACH;
    precise float constant = constant_of(by, corner, axis) + max(by.x, 0.0) + max(by.y, 0.0) + reach;
    return constant;
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

// A triangle's tests for the voxels of a brick, from whose origin corners count. Small, as memory of workgroups is what bounds these passes.
struct Tests {
    vec3 normal;
    float under;
    vec3 first_edge;
    float over;
    vec3 second_edge;
    // The box of voxels around it, cut off by the brick, four bits a coordinate: from; and to, in the upper half.
    uint box;
    vec3 third_edge;
    uint material;
    // Of the edges, in the projections along x, y and z.
    vec3 constants[3];
};

// Normals at the corners; and the constants of the functions that say how much each counts, where it counts.
struct Smooth {
    vec3 normals[3];
    vec3 constants;
    // The axis that the triangle faces most; FLAT if it has a normal of its own alone; EDGE if it has no area.
    int axis;
};

const int FLAT = 3;
const int EDGE = 4;

// So many triangles are prepared side by side, an invocation each.
const uint SIDE_BY_SIDE = 64u;
shared Tests tests[SIDE_BY_SIDE];
#ifdef MEASURES
// Layers of voxels that they may touch: 8 times the triangle, and z.
shared uint layers[SIDE_BY_SIDE * 8u];
shared uint layer_count;
#else
shared Smooth smooth_of[SIDE_BY_SIDE];
#endif

uint pack_box(ivec3 at) {
    return uint(at.x | at.y << 4 | at.z << 8);
}

ivec3 unpack_box(uint bits) {
    return ivec3(bits, bits >> 4, bits >> 8) & 15;
}

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
    ivec3 low = ivec3(clamp(floor(min(min(a, b), c)), vec3(0.0), vec3(8.0)));
    ivec3 high = ivec3(clamp(floor(max(max(a, b), c)), vec3(-1.0), vec3(7.0)));
    // Where it lies beside the brick, no voxel is in the box.
    bool beside = any(greaterThan(low, high));
    tests[index].normal = normal;
    tests[index].under = under;
    tests[index].first_edge = ab;
    tests[index].over = over;
    tests[index].second_edge = bc;
    tests[index].box = beside ? pack_box(ivec3(8)) : pack_box(low) | pack_box(high) << 16;
    tests[index].third_edge = ca;
    tests[index].material = triangle.material;
    for (int axis = 0; axis < 3; ++axis) {
        vec3 constants;
        for (int side = 0; side < 3; ++side) {
            constants[side] = constant_of_voxels(edges[side], corners[side], normal, axis);
        }
        tests[index].constants[axis] = constants;
    }
#ifdef MEASURES
    if (!beside) {
        uint place = atomicAdd(layer_count, uint(high.z - low.z) + 1u);
        for (int z = low.z; z <= high.z; ++z) {
            layers[place++] = index * 8u + uint(z);
        }
    }
#else
    vec3 normals[3];
    bool is_flat = true;
    for (int corner = 0; corner < 3; ++corner) {
        vec3 own = normal_of(triangle.corners[corner]);
        is_flat = is_flat && own == vec3(0.0);
        normals[corner] = own == vec3(0.0) ? normal : own;
    }
    smooth_of[index].axis = FLAT;
    if (!is_flat) {
        vec3 size = abs(normal);
        int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
        // Corners by the sides across from them.
        for (int side = 0; side < 3; ++side) {
            smooth_of[index].constants[side] = constant_of(inward(edges[side], normal, axis), corners[side], axis);
        }
        smooth_of[index].normals = normals;
        smooth_of[index].axis = size[axis] == 0.0 ? EDGE : axis;
    }
#endif
}

// Prepares the triangles from a place in the bins on, as many as there is room for; says how many there are.
uint prepare_from(uint begin, uint end, uvec3 origin) {
    uint thread = gl_LocalInvocationID.x;
    uint count = min(end - begin, SIDE_BY_SIDE);
    // Those before have been looked at.
    barrier();
#ifdef MEASURES
    if (thread == 0u) {
        layer_count = 0u;
    }
    barrier();
#endif
    if (thread < count) {
        prepare(thread, triangles.data[bins.data[begin + thread]], vec3(origin));
    }
    barrier();
    return count;
}

// Whether a place is inside of all sides in the projection along an axis, by the coordinates after it.
bool inside(Tests test, int axis, float u, float v) {
    vec2 first = inward(test.first_edge, test.normal, axis);
    vec2 second = inward(test.second_edge, test.normal, axis);
    vec2 third = inward(test.third_edge, test.normal, axis);
    vec3 constants = test.constants[axis];
    return value_at(first.x, u, first.y, v, constants[0]) >= 0.0 && value_at(second.x, u, second.y, v, constants[1]) >= 0.0
        && value_at(third.x, u, third.y, v, constants[2]) >= 0.0;
}

// Whether a triangle's plane passes through a voxel.
bool meets_plane(Tests test, vec3 at) {
    precise float rest = test.normal.y * at.y + test.normal.z * at.z;
    precise float along = test.normal.x * at.x + rest;
    precise float along_under = along + test.under;
    precise float along_over = along + test.over;
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
// The last triangle that touches each voxel, and below it, in eight bits, its material, which becomes the voxel's.
shared uint last_of[512];

// The number of a voxel in its brick.
uint morton_of(uvec3 at) {
    uvec3 spread = at & 1u | (at & 2u) << 2 | (at & 4u) << 4;
    return spread.x | spread.y << 1 | spread.z << 2;
}

// Finds the voxels of a layer that a triangle touches, which is one of the last that were prepared.
void fill_layer(uint layer, uint begin) {
    uint index = layer >> 3;
    float z = float(layer & 7u);
    Tests test = tests[index];
    ivec3 low = unpack_box(test.box);
    ivec3 high = unpack_box(test.box >> 16);
    uint key = begin - own_start + index << 8 | test.material;
    uint columns = 0u;
    for (int x = low.x; x <= high.x; ++x) {
        columns |= inside(test, 1, z, float(x)) ? 1u << x : 0u;
    }
    for (int y = low.y; columns != 0u && y <= high.y; ++y) {
        if (!inside(test, 0, float(y), z)) {
            continue;
        }
        for (uint open = columns; open != 0u; open &= open - 1u) {
            int x = findLSB(open);
            if (meets_plane(test, vec3(x, y, z)) && inside(test, 2, float(x), float(y))) {
                uint number = morton_of(uvec3(x, y, layer & 7u));
                atomicOr(solid[number >> 5], 1u << (number & 31u));
                atomicMax(last_of[number], key);
            }
        }
    }
}

// The bits of an octet's voxels that are solid.
uint solid_bits(uvec3 origin, uint octet) {
    uint thread = gl_LocalInvocationID.x;
    if (thread < 16u) {
        solid[thread] = 0u;
    }
    for (uint i = thread; i < 512u; i += 64u) {
        last_of[i] = 0u;
    }
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        prepare_from(begin, own_end, origin);
        for (uint i = thread; i < layer_count; i += 64u) {
            fill_layer(layers[i], begin);
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
        material = last_of[number] & 255u;
        normal = 0u;
    }
}

#else

// Whether a triangle touches a voxel, which is given packed as in a box too.
bool touches(uint index, vec3 at, uint packed) {
    // A bit above each coordinate stays where nothing is borrowed from it.
    uint box = tests[index].box;
    uint after_low = (packed | 0x888u) - (box & 0xFFFu);
    uint before_high = (box >> 16 | 0x888u) - packed;
    if ((after_low & before_high & 0x888u) != 0x888u) {
        return false;
    }
    Tests test = tests[index];
    return meets_plane(test, at) && inside(test, 2, at.x, at.y) && inside(test, 1, at.z, at.x) && inside(test, 0, at.y, at.z);
}

// The normal of a triangle at a voxel.
vec3 normal_at(uint index, vec3 at) {
    int axis = smooth_of[index].axis;
    if (axis == FLAT) {
        return tests[index].normal;
    }
    vec3 by = vec3(1.0);
    if (axis != EDGE) {
        vec3 middle = at + 0.5;
        float u = middle[(axis + 1) % 3];
        float v = middle[(axis + 2) % 3];
        vec3 edges[3] = vec3[3](tests[index].first_edge, tests[index].second_edge, tests[index].third_edge);
        for (int side = 0; side < 3; ++side) {
            vec2 inwards = inward(edges[side], tests[index].normal, axis);
            by[side] = max(value_at(inwards.x, u, inwards.y, v, smooth_of[index].constants[side]), 0.0);
        }
    }
    // Across from the first corner is the second side.
    vec3 normals[3] = smooth_of[index].normals;
    precise vec3 normal = normals[0] * by[1] + (normals[1] * by[2] + normals[2] * by[0]);
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
    uvec3 voxel = unmorton(number);
    vec3 at = vec3(voxel);
    uint packed = pack_box(ivec3(voxel));
    precise vec3 sum = vec3(0.0);
    for (uint begin = own_start; begin < own_end; begin += SIDE_BY_SIDE) {
        if (prepared != begin) {
            prepared = begin;
            prepared_count = prepare_from(begin, own_end, origin);
        }
        for (uint index = 0u; is_solid && index < prepared_count; ++index) {
            if (touches(index, at, packed)) {
                precise vec3 next = sum + normal_at(index, at);
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
