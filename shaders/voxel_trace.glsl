// Rays through the tree of bricks. Include voxel_scene.glsl first. vixen-nodes/src/voxel/tests/march.rs is the same code in Rust: change both.

#include "voxel_step.glsl"

const int MAX_LEVELS = 5;

// The first solid voxel on a ray from a place in a scene of this size, whose root is of this level.
bool march(Ray ray, Place place, ivec3 size, int levels, float t_max, out Hit hit) {
    // The nodes above the voxel, down to `level`; and its brick's mask while it is in one that has a mask.
    uint path[MAX_LEVELS + 1];
    path[levels] = 0u;
    int level = levels;
    uint brick = NO_BRICK;
    uint mask = SOLID;

    for (int steps = size.x + size.y + size.z; steps >= 0; --steps) {
        if (place.t > t_max) {
            return false;
        }
        int shift = 0;
        if (mask == SOLID) {
            for (;;) {
                count_iteration();
                Node node = nodes.data[path[level]];
                if (node.first == SOLID) {
                    hit = Hit(place.voxel, place.face, place.t, NO_BRICK, node.material);
                    return true;
                }
                uint number = cell_number(place.voxel, level);
                if (!has_bit(node.mask, number)) {
                    shift = cell_shift(level) + empty_shift(node.mask, number);
                    break;
                }
                uint child = node.first + rank(node.mask, number);
                if (level == 1) {
                    brick = child;
                    mask = bricks.data[brick].mask;
                    if (mask == SOLID) {
                        hit = Hit(place.voxel, place.face, place.t, brick, 0u);
                        return true;
                    }
                    break;
                }
                path[--level] = child;
            }
        }
        if (mask != SOLID) {
            count_iteration();
            uint number = morton3(uvec3(place.voxel));
            uvec2 group = masks.data[mask].groups[number >> 6];
            if (has_bit(group, number & 63u)) {
                hit = Hit(place.voxel, place.face, place.t, brick, 0u);
                return true;
            }
            shift = empty_shift(group, number & 63u);
        }

        ivec3 before = place.voxel;
        leave_cube(ray, shift, place);
        if (any(lessThan(place.voxel, ivec3(0))) || any(greaterThanEqual(place.voxel, size))) {
            return false;
        }

        // The lowest node that holds both: no bit at or above its edge has changed.
        ivec3 changed = before ^ place.voxel;
        int highest = findMSB(changed.x | changed.y | changed.z);
        if (highest >= 3) {
            mask = SOLID;
            level = max(level, (highest - 1) >> 1);
        }
    }
    return false;
}

// The first solid voxel on a ray through a scene of this size, whose root is of this level.
bool trace(ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    Ray ray = ray_of(origin, direction);
    Place place;
    return enter_box(ray, ivec3(0), size, place) && march(ray, place, size, levels, t_max, hit);
}

// Whether a voxel is solid.
bool is_solid(ivec3 size, int levels, ivec3 voxel) {
    if (any(lessThan(voxel, ivec3(0))) || any(greaterThanEqual(voxel, size))) {
        return false;
    }
    uint index = 0u;
    for (int level = levels; level > 0; --level) {
        Node node = nodes.data[index];
        if (node.first == SOLID) {
            return true;
        }
        uint number = cell_number(voxel, level);
        if (!has_bit(node.mask, number)) {
            return false;
        }
        index = node.first + rank(node.mask, number);
    }
    uint mask = bricks.data[index].mask;
    uint number = morton3(uvec3(voxel));
    return mask == SOLID || has_bit(masks.data[mask].groups[number >> 6], number & 63u);
}
