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

bool inside(Linear sides[3], float u, float v) {
    return value_at(sides[0], u, v) >= 0.0 && value_at(sides[1], u, v) >= 0.0 && value_at(sides[2], u, v) >= 0.0;
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

// Looks at eight voxels of a brick; the bits of those that are solid.
uint look(uvec3 origin, uint slot, uint first, inout uint own_materials[8], inout uint own_normals[8]) {
    uint bits = 0u;
    precise vec3 sums[8];
    for (int i = 0; i < 8; ++i) {
        sums[i] = vec3(0.0);
    }
    for (uint bin = starts.data[slot]; bin < starts.data[slot + 1u]; ++bin) {
        Triangle triangle = triangles.data[bins.data[bin]];
        precise vec3 a = position_of(triangle.corners[0]) - vec3(origin);
        precise vec3 b = position_of(triangle.corners[1]) - vec3(origin);
        precise vec3 c = position_of(triangle.corners[2]) - vec3(origin);
        vec3 low = floor(min(min(a, b), c));
        vec3 high = floor(max(max(a, b), c));
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
        Linear sides[3][3];
        for (int axis = 0; axis < 3; ++axis) {
            for (int side = 0; side < 3; ++side) {
                sides[axis][side] = side_of(edges[side], corners[side], normal, axis);
            }
        }

        vec3 size = abs(normal);
        int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
        Linear weights[3];
        for (int corner = 0; corner < 3; ++corner) {
            int side = (corner + 1) % 3;
            weights[corner] = size[axis] == 0.0 ? Linear(0.0, 0.0, 1.0) : inward(edges[side], corners[side], normal, axis);
        }
        vec3 normal_a = normal_of(triangle.corners[0], normal);
        vec3 normal_b = normal_of(triangle.corners[1], normal);
        vec3 normal_c = normal_of(triangle.corners[2], normal);

        for (uint i = 0u; i < 8u; ++i) {
            vec3 at = vec3(unmorton(first + i));
            if (any(lessThan(at, low)) || any(greaterThan(at, high))) {
                continue;
            }
            precise float rest = normal.y * at.y + normal.z * at.z;
            precise float along = normal.x * at.x + rest;
            precise float along_under = along + under;
            precise float along_over = along + over;
            if (along_under > 0.0 || along_over < 0.0 || !inside(sides[2], at.x, at.y) || !inside(sides[1], at.z, at.x)
                || !inside(sides[0], at.y, at.z)) {
                continue;
            }
            vec3 middle = at + 0.5;
            float u = middle[(axis + 1) % 3];
            float v = middle[(axis + 2) % 3];
            float by_a = max(value_at(weights[0], u, v), 0.0);
            float by_b = max(value_at(weights[1], u, v), 0.0);
            float by_c = max(value_at(weights[2], u, v), 0.0);
            precise vec3 smooth_normal = normal_a * by_a + (normal_b * by_b + normal_c * by_c);
            sums[i] = sums[i] + smooth_normal;
            own_materials[i] = triangle.material;
            bits |= 1u << i;
        }
    }
    for (uint i = 0u; i < 8u; ++i) {
        if ((bits >> i & 1u) != 0u) {
            own_normals[i] = encode_normal(sums[i]);
        }
    }
    return bits;
}
