// Rays through a plain 64-tree. vixen-nodes/src/voxel/tree64.rs explains its words. Uses bindings 1, 4 and 5 of set 0.

#include "voxel_step.glsl"
#include "voxel_looks.glsl"

const uint SOLID_NODE = 0x80000000u;
const int MAX_LEVELS = 7;

struct Node64 {
    uint low;
    uint high;
    uint first;
};

layout(set = 0, binding = 1, std430) readonly buffer Nodes { Node64 data[]; } nodes;

// The number of a voxel's cell in a node of this level, whose cells have an edge of 4^(level - 1).
uint cell_number(ivec3 voxel, int level) {
    uvec3 cell = uvec3(voxel >> (2 * level - 2)) & 3u;
    uvec3 spread = (cell * 5u) & 9u;
    return spread.x | spread.y << 1 | spread.z << 2;
}

bool has_cell(Node64 node, uint number) {
    return ((number < 32u ? node.low : node.high) >> (number & 31u) & 1u) != 0u;
}

// The child in a cell that is not empty.
uint child_of(Node64 node, uint number) {
    uint below = (1u << (number & 31u)) - 1u;
    return node.first + (number < 32u ? bitCount(node.low & below) : bitCount(node.low) + bitCount(node.high & below));
}

// The first solid voxel on a ray through a scene of this size, whose root is of this level.
bool trace(ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    Ray ray = ray_of(origin, direction);
    Place place;
    if (!enter_box(ray, ivec3(0), size, 0.0, place)) {
        return false;
    }
    // The nodes above the voxel, down to `level`.
    uint path[MAX_LEVELS + 1];
    path[levels] = 0u;
    int level = levels;
    Node64 node = nodes.data[0];
    for (int steps = size.x + size.y + size.z; steps >= 0; --steps) {
        if (place.t > t_max) {
            return false;
        }
        for (;;) {
            count_iteration();
            uint number = cell_number(place.voxel, level);
            if ((node.first & SOLID_NODE) != 0u) {
                hit = Hit(place.voxel, place.face, place.t, NO_BRICK, node.first & ~SOLID_NODE);
                return true;
            }
            if (!has_cell(node, number)) {
                break;
            }
            uint child = child_of(node, number);
            if (level == 1) {
                hit = Hit(place.voxel, place.face, place.t, NO_BRICK, child);
                return true;
            }
            path[--level] = child;
            node = nodes.data[child];
        }

        ivec3 before = place.voxel;
        leave_cube(ray, 2 * level - 2, place);
        if (any(lessThan(place.voxel, ivec3(0))) || any(greaterThanEqual(place.voxel, size))) {
            return false;
        }
        // The lowest node that holds both: no bit at or above its edge has changed.
        ivec3 changed = before ^ place.voxel;
        int shared_level = 1 + (findMSB(changed.x | changed.y | changed.z) >> 1);
        if (shared_level > level) {
            level = shared_level;
            node = nodes.data[path[level]];
        }
    }
    return false;
}

// Whether a voxel is solid.
bool is_solid(ivec3 size, int levels, ivec3 voxel) {
    if (any(lessThan(voxel, ivec3(0))) || any(greaterThanEqual(voxel, size))) {
        return false;
    }
    uint index = 0u;
    for (int level = levels; level > 0; --level) {
        Node64 node = nodes.data[index];
        if ((node.first & SOLID_NODE) != 0u) {
            return true;
        }
        uint number = cell_number(voxel, level);
        if (!has_cell(node, number)) {
            return false;
        }
        index = child_of(node, number);
    }
    return true;
}

// The material of the voxel that was hit, and the direction that its surface faces.
Material surface(Hit hit, out vec3 normal) {
    return surface_of(attributes.data[hit.material], hit.face, normal);
}
