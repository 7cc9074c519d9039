// A triangle and the boxes that it touches: vixen-nodes/src/voxel/voxelise/overlap.rs with the same operations in the same order on
// numbers that are rounded the same way (hence `precise`), so that the very same voxels are found. Uses bindings 0 and 8 of set 0.

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

// The corners, counted from a brick's origin.
struct Corners {
    vec3 a;
    vec3 b;
    vec3 c;
};

// For each side of a triangle a linear function of two coordinates.
struct Sides {
    vec3 u;
    vec3 v;
    vec3 constant;
};

// A triangle's tests for cubes of one edge, by their corner with the least coordinates.
struct Tests {
    vec3 normal;
    float under;
    float over;
    // The box of voxels around it, cut off by the brick.
    ivec3 low;
    ivec3 high;
    // In the projections along x, y and z.
    Sides along[3];
};

vec3 position_of(uint vertex) {
    float at[3] = vertices.data[vertex].position;
    return vec3(at[0], at[1], at[2]);
}

vec3 normal_of(uint vertex) {
    float direction[3] = vertices.data[vertex].normal;
    return vec3(direction[0], direction[1], direction[2]);
}

Corners corners_of(Triangle triangle, vec3 origin) {
    precise vec3 a = position_of(triangle.corners[0]) - origin;
    precise vec3 b = position_of(triangle.corners[1]) - origin;
    precise vec3 c = position_of(triangle.corners[2]) - origin;
    return Corners(a, b, c);
}

// As long as twice the triangle's area.
vec3 area_of(Corners corners) {
    precise vec3 ab = corners.b - corners.a;
    precise vec3 bc = corners.c - corners.b;
    precise vec3 area = vec3(ab.y * bc.z - bc.y * ab.z, ab.z * bc.x - bc.z * ab.x, ab.x * bc.y - bc.x * ab.y);
    return area;
}

// Turned so that an axis comes last.
vec3 turn_to(vec3 at, int axis) {
    return axis == 0 ? at.yzx : axis == 1 ? at.zxy : at;
}

// How far inside of its sides a point is in the projection along an axis.
Sides inward(Corners corners, vec3 normal, int axis) {
    vec3 a = turn_to(corners.a, axis);
    vec3 b = turn_to(corners.b, axis);
    vec3 c = turn_to(corners.c, axis);
    vec3 at_u = vec3(a.x, b.x, c.x);
    vec3 at_v = vec3(a.y, b.y, c.y);
    precise vec3 edge_u = at_u.yzx - at_u;
    precise vec3 edge_v = at_v.yzx - at_v;
    float turn = turn_to(normal, axis).z >= 0.0 ? 1.0 : -1.0;
    precise vec3 by_u = -(edge_v * turn);
    precise vec3 by_v = edge_u * turn;
    precise vec3 constant = -(by_u * at_u + by_v * at_v);
    return Sides(by_u, by_v, constant);
}

// The same for cubes by their corner with the least coordinates.
Sides sides_of(Corners corners, vec3 normal, int axis, float edge) {
    Sides sides = inward(corners, normal, axis);
    precise vec3 wide = sides.u * edge;
    precise vec3 deep = sides.v * edge;
    precise vec3 reach = (abs(wide) + abs(deep)) * REACH;
    precise vec3 constant = sides.constant + max(wide, vec3(0.0)) + max(deep, vec3(0.0)) + reach;
    return Sides(sides.u, sides.v, constant);
}

vec3 values_at(Sides sides, float u, float v) {
    precise vec3 values = sides.u * u + (sides.v * v + sides.constant);
    return values;
}

bool inside(Sides sides, float u, float v) {
    return all(greaterThanEqual(values_at(sides, u, v), vec3(0.0)));
}

Tests tests_of(Corners corners, float edge) {
    vec3 normal = area_of(corners);
    precise float away = normal.x * corners.a.x + (normal.y * corners.a.y + normal.z * corners.a.z);
    precise vec3 grown = normal * edge;
    precise vec3 shrunk = abs(normal) * edge * REACH;
    precise float reach = shrunk.x + shrunk.y + shrunk.z;
    vec3 least = min(grown, vec3(0.0));
    vec3 most = max(grown, vec3(0.0));
    precise float under = least.x + least.y + least.z - away - reach;
    precise float over = most.x + most.y + most.z - away + reach;
    ivec3 low = ivec3(max(floor(min(min(corners.a, corners.b), corners.c)), vec3(0.0)));
    ivec3 high = ivec3(min(floor(max(max(corners.a, corners.b), corners.c)), vec3(7.0)));
    Sides along[3] = Sides[3](sides_of(corners, normal, 0, edge), sides_of(corners, normal, 1, edge), sides_of(corners, normal, 2, edge));
    return Tests(normal, under, over, low, high, along);
}

// Whether a triangle's plane passes through a cube.
bool meets_plane(Tests tests, vec3 at) {
    precise float rest = tests.normal.y * at.y + tests.normal.z * at.z;
    precise float along = tests.normal.x * at.x + rest;
    precise float along_under = along + tests.under;
    precise float along_over = along + tests.over;
    return along_under <= 0.0 && along_over >= 0.0;
}

// Whether a triangle touches a cube, if the cube meets the box around it.
bool touches(Tests tests, vec3 at) {
    return meets_plane(tests, at) && inside(tests.along[2], at.x, at.y) && inside(tests.along[0], at.y, at.z)
        && inside(tests.along[1], at.z, at.x);
}

// Which of eight voxels in a row along x, from x = 0 on, a triangle touches.
uint row_at(Tests tests, int y, int z) {
    uint row = 0u;
    if (inside(tests.along[0], float(y), float(z))) {
        for (int x = tests.low.x; x <= tests.high.x; ++x) {
            vec3 at = vec3(x, y, z);
            row |= inside(tests.along[1], at.z, at.x) && meets_plane(tests, at) && inside(tests.along[2], at.x, at.y) ? 1u << x : 0u;
        }
    }
    return row;
}

// The normal of a triangle at the middle of a voxel, of any length and with its size, given those at its corners.
vec4 smooth_normal(Corners corners, vec3 area, vec4 normals[3], vec3 at) {
    vec3 size = abs(area);
    int axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2;
    vec3 weights = vec3(1.0);
    if (turn_to(size, axis).z != 0.0) {
        vec3 middle = turn_to(at + 0.5, axis);
        weights = max(values_at(inward(corners, area, axis), middle.x, middle.y), vec3(0.0));
    }
    // A corner counts by the side across from it.
    precise vec4 normal = normals[0] * weights.y + (normals[1] * weights.z + normals[2] * weights.x);
    return normal;
}
