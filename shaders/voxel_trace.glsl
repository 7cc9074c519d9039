// Rays through the tree of bricks. Include voxel_scene.glsl first. vixen-nodes/src/voxel/tests/march.rs is the same code in Rust: change both.

#include "voxel_step.glsl"

const int MAX_LEVELS = 5;

#ifdef PATH_IN_SHARED_MEMORY
shared uint path_words[MAX_LEVELS + 1][PATH_IN_SHARED_MEMORY];
#define PATH(shift) path_words[(shift) >> 1][gl_LocalInvocationIndex]
#else
#define PATH(shift) path[(shift) >> 1]
#endif

// The first solid voxel on a ray from a place in a scene of this size, whose root is of this level.
//
// The ray runs through a mirror image of the scene in which it goes up every axis: then the side by which it leaves a cube is the
// upper one, and one exclusive or of a cell's number leads back. `shift` is log2 of the edge of the cells that `mask` tells of: the voxels
// of an octet, the octets of a brick, or the cells of a node.
bool march(Ray ray, Place place, ivec3 size, int levels, float t_max, out Hit hit) {
#ifndef PATH_IN_SHARED_MEMORY
    uint path[MAX_LEVELS + 1];
#endif
    int top = cell_shift(levels);
    ivec3 mirror = mix(ivec3((4 << top) - 1), ivec3(0), ray.positive);
    uint flip = (ray.positive.x ? 0u : 9u) | (ray.positive.y ? 0u : 18u) | (ray.positive.z ? 0u : 36u);
    vec3 origin = mix(float(4 << top) - ray.origin, ray.origin, ray.positive);
    vec3 direction = abs(ray.direction);
    vec3 inverse = abs(ray.inverse);
    vec3 leave_scene = (vec3(mix(mirror, size - 1, ray.positive)) - origin) * inverse + inverse;
    float t_end = min(t_max, min(leave_scene.x, min(leave_scene.y, leave_scene.z)));

    ivec3 voxel = place.voxel ^ mirror;
    float t = place.t;
    int shift = top;
    Node root = nodes.data[0];
    uvec2 mask = root.mask;
    // The first child of the node; in a brick, the first word of its masks.
    uint first = root.first;
    // In an octet, the mask of its brick.
    uvec2 octets = uvec2(0u);
    uint material = root.material;
    PATH(shift) = 0u;
    bool found = first == SOLID;

    for (int steps = size.x + size.y + size.z; steps >= 0; --steps) {
        // Down to the smallest cell that the voxel lies in.
        uint number = 0u;
        while (!found) {
            count_iteration();
            number = cell_number(voxel, shift) ^ flip;
            if (!has_bit(mask, number)) {
                break;
            }
            if (shift <= OCTET_SHIFT) {
                if (shift == OCTET_SHIFT) {
                    count_iteration();
                    octets = mask;
                    uint voxels = octet(first, rank(mask, number));
                    // At their place among the voxels of the group of octets, of which there is nothing else.
                    number = cell_number(voxel, 0) ^ flip;
                    voxels <<= number & 24u;
                    mask = number < 32u ? uvec2(voxels, 0u) : uvec2(0u, voxels);
                    shift = 0;
                }
                found = has_bit(mask, number);
                break;
            }
            uint child = first + rank(mask, number);
            shift -= 2;
            PATH(shift) = child;
            if (shift == OCTET_SHIFT) {
#ifdef USES
                use_brick(child);
#endif
                Brick brick = bricks.data[child];
                mask = brick.mask;
                first = brick.first;
            } else {
                Node node = nodes.data[child];
                mask = node.mask;
                first = node.first;
                material = node.material;
            }
            found = first == SOLID;
        }
        if (found) {
            break;
        }

        // Out of the largest empty cube that the mask tells of, by the sides that the ray meets first.
        ivec3 last = voxel | ((1 << (shift + empty_shift(mask, number))) - 1);
        vec3 leave = (vec3(last) - origin) * inverse + inverse;
        t = min(leave.x, min(leave.y, leave.z));
        if (t >= t_end) {
            return false;
        }
        ivec3 next = clamp(ivec3(origin + direction * t), voxel, last);
        next = mix(next, last + 1, lessThanEqual(leave, vec3(t)));

        // Up to the lowest node that holds both voxels: no bit at or above its edge has changed.
        ivec3 changed = voxel ^ next;
        int highest = findMSB(changed.x | changed.y | changed.z);
        voxel = next;
        if (shift == 0 ? highest > 0 : highest > shift + 1) {
            if (highest < BRICK_SHIFT) {
                mask = octets;
                shift = OCTET_SHIFT;
            } else {
                shift = (highest - 1) | 1;
                if (shift > top) {
                    return false;
                }
                Node node = nodes.data[PATH(shift)];
                mask = node.mask;
                first = node.first;
            }
        }
    }
    if (!found) {
        return false;
    }
    hit = Hit(voxel ^ mirror, place.face, t, shift > OCTET_SHIFT ? NO_BRICK : PATH(OCTET_SHIFT), material);
    if (t != place.t) {
        // The mirror image is as large as the root, and rounds more than the ray itself does.
        int axis = first_smallest((origin - vec3(voxel)) * inverse);
        float side = float(hit.voxel[axis] + (ray.positive[axis] ? 0 : 1));
        hit.face = face_of(axis, ray.positive);
        hit.t = (side - ray.origin[axis]) * ray.inverse[axis];
    }
    return true;
}

// The first solid voxel on a ray, from a distance on, through a scene of this size, whose root is of this level.
bool trace_from(float start, ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    Ray ray = ray_of(origin, direction);
    Place place;
    return enter_box(ray, ivec3(0), size, start, place) && march(ray, place, size, levels, t_max, hit);
}

bool trace(ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    return trace_from(0.0, size, levels, origin, direction, t_max, hit);
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
        uint number = cell_number(voxel, cell_shift(level));
        if (!has_bit(node.mask, number)) {
            return false;
        }
        index = node.first + rank(node.mask, number);
    }
#ifdef USES
    use_brick(index);
#endif
    Brick brick = bricks.data[index];
    return brick.first == SOLID || is_solid_in(brick.mask, brick.first, voxel);
}
