// Land as voxels: `fill` of vixen-nodes/src/voxel/heightmap.rs. Uses bindings 0 and 1 of set 0.

#include "voxel_normal.glsl"

const uint ROCK = 0u;
const uint SOIL = 1u;
const int SOIL_DEPTH = 3;

struct Column {
    float height;
    uint ground;
};

// x first.
layout(set = 0, binding = 0, std430) readonly buffer Columns { Column data[]; } columns;

float height(ivec2 at) {
    ivec2 inside = clamp(at, ivec2(0), ivec2(params.size.xz) - 1);
    return columns.data[inside.y * int(params.size.x) + inside.x].height;
}

// To the nearest, halves up, as heights are never negative: rounds nothing on the way.
int solid_in(ivec2 at) {
    float exact = height(at);
    float down = floor(exact);
    return clamp(int(down) + (exact - down >= 0.5 ? 1 : 0), 1, int(params.size.y));
}

// Whether a voxel is solid, its material and its normal.
bool voxel_of(uvec3 voxel, out uint material, out uint normal) {
    ivec2 at = ivec2(voxel.xz);
    int y = int(voxel.y);
    int solid = solid_in(at);
    normal = NO_NORMAL;
    if (y >= solid) {
        return false;
    }
    int lowest = min(min(solid_in(at - ivec2(1, 0)), solid_in(at + ivec2(1, 0))),
                     min(solid_in(at - ivec2(0, 1)), solid_in(at + ivec2(0, 1))));
    int ground_from = min(solid - 1, lowest);
    if (y >= ground_from) {
        precise float east = 0.5 * (height(at + ivec2(1, 0)) - height(at - ivec2(1, 0)));
        precise float south = 0.5 * (height(at + ivec2(0, 1)) - height(at - ivec2(0, 1)));
        normal = encode_normal(vec3(-east, 1.0, -south));
        material = columns.data[at.y * int(params.size.x) + at.x].ground;
    } else {
        material = y + SOIL_DEPTH >= ground_from ? SOIL : ROCK;
    }
    return true;
}

// Whether a brick is empty for sure.
bool holds_nothing(uint slot) {
    return false;
}

// Looks at eight voxels of a brick; the bits of those that are solid.
uint look(uvec3 origin, uint slot, uint first, inout uint own_materials[8], inout uint own_normals[8]) {
    uint bits = 0u;
    for (uint i = 0u; i < 8u; ++i) {
        uvec3 at = origin + unmorton(first + i);
        if (all(lessThan(at, params.size)) && voxel_of(at, own_materials[i], own_normals[i])) {
            bits |= 1u << i;
        }
    }
    return bits;
}
