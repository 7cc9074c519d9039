// Rays through the tree of bricks. Include voxel_scene.glsl first. vixen-nodes/src/voxel/tests/march.rs is the same code in Rust: change both.
//
// The ray keeps the voxel that it is in as integers, and only ever moves it forward, so rounding cannot lead it astray: it may
// choose the wrong side of an edge that it passes within a few millionths of the scene's size, and nothing else.

const int MAX_LEVELS = 5;
const uint NO_BRICK = 0xFFFFFFFFu;
const uint FACE_INSIDE = 6u;

struct Hit {
    ivec3 voxel;
    // 0 to 5 for -x, +x, -y, +y, -z, +z; FACE_INSIDE where the ray starts inside.
    uint face;
    // In lengths of the ray's direction.
    float t;
    // The brick, or NO_BRICK: then all around is of one material.
    uint brick;
    uint material;
};

// 1 / direction, with zeros made harmless: they become a tiny step to the positive side.
vec3 safe_direction(vec3 direction) {
    const float TINY = 1e-20;
    return mix(direction, vec3(TINY), lessThan(abs(direction), vec3(TINY)));
}

int first_smallest(vec3 v) {
    return v.x <= v.y && v.x <= v.z ? 0 : v.y <= v.z ? 1 : 2;
}

uint face_of(int axis, bvec3 positive) {
    return 2u * uint(axis) + (positive[axis] ? 0u : 1u);
}

// The first solid voxel on a ray through a scene of this size, whose root is of this level.
bool trace(ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    vec3 d = safe_direction(direction);
    vec3 inverse = 1.0 / d;
    bvec3 positive = greaterThan(d, vec3(0.0));
    vec3 near = (mix(vec3(size), vec3(0.0), positive) - origin) * inverse;
    vec3 far = (mix(vec3(0.0), vec3(size), positive) - origin) * inverse;
    float enter = max(near.x, max(near.y, near.z));
    float leave_scene = min(far.x, min(far.y, far.z));
    if (!(enter < leave_scene && leave_scene > 0.0)) {
        return false;
    }

    float t = max(enter, 0.0);
    uint face = FACE_INSIDE;
    ivec3 voxel = clamp(ivec3(floor(origin + d * t)), ivec3(0), size - 1);
    if (enter > 0.0) {
        int axis = first_smallest(-near);
        face = face_of(axis, positive);
        voxel[axis] = positive[axis] ? 0 : size[axis] - 1;
    }

    // The nodes above the voxel, down to `level`; and its brick's mask while it is in one that has a mask.
    uint path[MAX_LEVELS + 1];
    path[levels] = 0u;
    int level = levels;
    uint brick = NO_BRICK;
    uint mask = SOLID;

    for (int steps = size.x + size.y + size.z; steps >= 0; --steps) {
        if (t > t_max) {
            return false;
        }
        int shift = 0;
        if (mask == SOLID) {
            for (;;) {
                Node node = nodes.data[path[level]];
                if (node.first == SOLID) {
                    hit = Hit(voxel, face, t, NO_BRICK, node.material);
                    return true;
                }
                uint number = cell_number(voxel, level);
                if (!has_bit(node.mask, number)) {
                    shift = cell_shift(level) + empty_shift(node.mask, number);
                    break;
                }
                uint child = node.first + rank(node.mask, number);
                if (level == 1) {
                    brick = child;
                    mask = bricks.data[brick].mask;
                    if (mask == SOLID) {
                        hit = Hit(voxel, face, t, brick, 0u);
                        return true;
                    }
                    break;
                }
                path[--level] = child;
            }
        }
        if (mask != SOLID) {
            uint number = morton3(uvec3(voxel));
            uvec2 group = masks.data[mask].groups[number >> 6];
            if (has_bit(group, number & 63u)) {
                hit = Hit(voxel, face, t, brick, 0u);
                return true;
            }
            shift = empty_shift(group, number & 63u);
        }

        // Out of the empty cube by the side that the ray meets first.
        ivec3 low = voxel >> shift << shift;
        ivec3 high = low + ((1 << shift) - 1);
        vec3 leave = (vec3(mix(low, high + 1, positive)) - origin) * inverse;
        int axis = first_smallest(leave);
        t = leave[axis];
        face = face_of(axis, positive);
        ivec3 next = ivec3(floor(origin + d * t));
        next = clamp(next, mix(low, voxel, positive), mix(voxel, high, positive));
        next[axis] = positive[axis] ? high[axis] + 1 : low[axis] - 1;
        if (next[axis] < 0 || next[axis] >= size[axis]) {
            return false;
        }

        // The lowest node that holds both: no bit at or above its edge has changed.
        ivec3 changed = voxel ^ next;
        int highest = findMSB(changed.x | changed.y | changed.z);
        if (highest >= 3) {
            mask = SOLID;
            level = max(level, (highest - 1) >> 1);
        }
        voxel = next;
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
