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

// Which brick the workgroup builds; none past the last cell.
bool find(out uint cell, out uint number) {
    cell = workgroup();
    number = gl_WorkGroupID.x;
    return cell < params.cells;
}

// The bits of an octet's voxels that are solid.
uint solid_bits(uvec3 origin, uint octet) {
    uvec3 corner = origin + unmorton(octet) * 2u;
    uint bits = 0u;
    for (uint i = 0u; i < 4u; ++i) {
        uvec2 at = corner.xz + uvec2(i & 1u, i >> 1);
        if (all(lessThan(at, params.size.xz))) {
            // Never higher than the scene.
            int above = solid_in(ivec2(at)) - int(corner.y);
            bits |= (above > 1 ? 5u : above > 0 ? 1u : 0u) << ((i & 1u) + 4u * (i >> 1));
        }
    }
    return bits;
}

// The material of a solid voxel, and its normal.
void look_at(bool is_solid, uvec3 origin, uint number, inout uint material, inout uint normal) {
    if (!is_solid) {
        return;
    }
    uvec3 voxel = origin + unmorton(number);
    ivec2 at = ivec2(voxel.xz);
    int y = int(voxel.y);
    int lowest = min(min(solid_in(at - ivec2(1, 0)), solid_in(at + ivec2(1, 0))),
                     min(solid_in(at - ivec2(0, 1)), solid_in(at + ivec2(0, 1))));
    int ground_from = min(solid_in(at) - 1, lowest);
    if (y >= ground_from) {
#ifdef MEASURES
        // Which one matters to *emit* alone.
        normal = 0u;
#else
        precise float east = 0.5 * (height(at + ivec2(1, 0)) - height(at - ivec2(1, 0)));
        precise float south = 0.5 * (height(at + ivec2(0, 1)) - height(at - ivec2(0, 1)));
        normal = encode_normal(vec3(-east, 1.0, -south));
#endif
        material = columns.data[at.y * int(params.size.x) + at.x].ground;
    } else {
        material = y + SOIL_DEPTH >= ground_from ? SOIL : ROCK;
    }
}
