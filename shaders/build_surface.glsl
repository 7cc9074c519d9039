// Triangles as voxels: `fill` of vixen-nodes/src/voxel/voxelise.rs and what it calls, with the same operations in the same order on numbers
// that are rounded the same way (hence `precise`), so that the very same voxels are found. Uses bindings 0 and 8 to 10 of set 0.

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

layout(set = 0, binding = 0, std430) readonly buffer Vertices { Vertex data[]; } vertices;
layout(set = 0, binding = 8, std430) readonly buffer Triangles { Triangle data[]; } triangles;
// Triangles of each brick, and where those of each begin.
layout(set = 0, binding = 9, std430) readonly buffer Bins { uint data[]; } bins;
layout(set = 0, binding = 10, std430) readonly buffer Starts { uint data[]; } starts;

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

vec3 normal_of(uint vertex, vec3 other) {
    float direction[3] = vertices.data[vertex].normal;
    vec3 normal = vec3(direction[0], direction[1], direction[2]);
    return normal == vec3(0.0) ? other : normal;
}

// A triangle's tests for the voxels of a brick, from whose origin corners count.
struct Tests {
    vec3 normal;
    float under;
    float over;
    // In the projections along x, y and z.
    Linear sides[3][3];
#ifndef MEASURES
    // How much each corner counts, as functions of the coordinates after this axis; and the normals at the corners.
    int axis;
    Linear weights[3];
    vec3 normals[3];
#endif
};

// So many triangles are prepared side by side, an invocation each, and then all invocations look at each in turn.
const uint SIDE_BY_SIDE = 32u;
shared Tests tests[SIDE_BY_SIDE];
shared uint materials_of[SIDE_BY_SIDE];
// The boxes of voxels around them.
shared vec3 lows[SIDE_BY_SIDE];
shared vec3 highs[SIDE_BY_SIDE];

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
    lows[index] = floor(min(min(a, b), c));
    highs[index] = floor(max(max(a, b), c));
    materials_of[index] = triangle.material;
    tests[index].normal = normal;
    tests[index].under = under;
    tests[index].over = over;
    for (int axis = 0; axis < 3; ++axis) {
        for (int side = 0; side < 3; ++side) {
            tests[index].sides[axis][side] = side_of(edges[side], corners[side], normal, axis);
        }
    }
#ifndef MEASURES
    vec3 size = abs(normal);
    int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
    tests[index].axis = axis;
    for (int corner = 0; corner < 3; ++corner) {
        int side = (corner + 1) % 3;
        tests[index].weights[corner] = size[axis] == 0.0 ? Linear(0.0, 0.0, 1.0) : inward(edges[side], corners[side], normal, axis);
        tests[index].normals[corner] = normal_of(triangle.corners[corner], normal);
    }
#endif
}

bool inside(uint index, int axis, float u, float v) {
    return value_at(tests[index].sides[axis][0], u, v) >= 0.0 && value_at(tests[index].sides[axis][1], u, v) >= 0.0
        && value_at(tests[index].sides[axis][2], u, v) >= 0.0;
}

// Whether a triangle touches a voxel, if its box does.
bool touches(uint index, vec3 at) {
    vec3 normal = tests[index].normal;
    precise float rest = normal.y * at.y + normal.z * at.z;
    precise float along = normal.x * at.x + rest;
    precise float along_under = along + tests[index].under;
    precise float along_over = along + tests[index].over;
    return along_under <= 0.0 && along_over >= 0.0 && inside(index, 2, at.x, at.y) && inside(index, 1, at.z, at.x)
        && inside(index, 0, at.y, at.z);
}

#ifndef MEASURES
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
#endif

// Whether a brick is empty for sure.
bool holds_nothing(uint slot) {
    return starts.data[slot] == starts.data[slot + 1u];
}

// Looks at the eight voxels of an octet; the bits of those that are solid. Every invocation of the workgroup looks at its own.
uint look(uvec3 origin, uint slot, uint first, inout uint own_materials[8], inout uint own_normals[8]) {
    uint thread = gl_LocalInvocationID.x;
    vec3 corner = vec3(unmorton(first));
    uint bits = 0u;
    precise vec3 sums[8];
    for (int i = 0; i < 8; ++i) {
        sums[i] = vec3(0.0);
    }
    uint end = starts.data[slot + 1u];
    for (uint begin = starts.data[slot]; begin < end; begin += SIDE_BY_SIDE) {
        uint count = min(end - begin, SIDE_BY_SIDE);
        if (thread < count) {
            prepare(thread, triangles.data[bins.data[begin + thread]], vec3(origin));
        }
        barrier();
        for (uint index = 0u; index < count; ++index) {
            vec3 low = lows[index];
            vec3 high = highs[index];
            if (any(lessThan(corner + 1.0, low)) || any(greaterThan(corner, high))) {
                continue;
            }
            for (uint i = 0u; i < 8u; ++i) {
                vec3 at = corner + vec3(i & 1u, i >> 1 & 1u, i >> 2);
                if (any(lessThan(at, low)) || any(greaterThan(at, high)) || !touches(index, at)) {
                    continue;
                }
#ifndef MEASURES
                precise vec3 sum = sums[i] + smooth_normal(index, at);
                sums[i] = sum;
#endif
                own_materials[i] = materials_of[index];
                bits |= 1u << i;
            }
        }
        // The next ones take their places.
        barrier();
    }
    for (uint i = 0u; i < 8u; ++i) {
#ifdef MEASURES
        // Any direction will do: there is one.
        own_normals[i] = 0u;
#else
        own_normals[i] = (bits >> i & 1u) != 0u ? encode_normal(sums[i]) : NO_NORMAL;
#endif
    }
    return bits;
}
