// Rays through the scene: leaps from cell to cell of its grid, and steps through the voxels of bricks. Include voxel_scene.glsl first.
// vixen-nodes/src/voxel/tests/march.rs is the same code in Rust: change both.

#include "voxel_step.glsl"
#include "voxel_grid.glsl"

// The first solid voxel on a ray, from one distance on and before another.
//
// The ray runs through a mirror image of the scene in which it goes up every axis: then the side by which it leaves a cube is the
// upper one, and one exclusive or of a cell's number leads back.
bool trace_from(ivec3 size, vec3 ray_origin, vec3 ray_direction, float start, float t_max, out Hit hit) {
    bvec3 positive = greaterThanEqual(ray_direction, vec3(0.0));
    ivec3 extent = ((size - 1) >> GRID_SHIFT) + 1;
    ivec3 whole = extent << GRID_SHIFT;
    vec3 origin = mix(vec3(whole) - ray_origin, ray_origin, positive);
    vec3 direction = max(abs(ray_direction), vec3(TINY));
    vec3 inverse = 1.0 / direction;
    // Where the ray leaves a cube, whose last voxel it is, by each side: fma(last, inverse, bias).
    vec3 bias = (1.0 - origin) * inverse;
    // The scene's first and last voxel.
    ivec3 low = mix(whole - size, ivec3(0), positive);
    ivec3 high = low + size - 1;

    vec3 near = (vec3(low) - origin) * inverse;
    vec3 far = fma(vec3(high), inverse, bias);
    float t_end = min(t_max, min(far.x, min(far.y, far.z)));
    float t = max(max(near.x, start), max(near.y, near.z));
    if (!(t < t_end)) {
        return false;
    }
    ivec3 voxel = clamp(first_voxel_at(origin + direction * t), low, high);

    // How to find a cell, a cell of a node or brick by its number, and this ray's leaps.
    ivec3 stride = ivec3(1, extent.x, extent.x * extent.y);
    ivec3 corner = mix((extent - 1) * stride, ivec3(0), positive);
    int first_cell = corner.x + corner.y + corner.z;
    stride = mix(-stride, stride, positive);
    uint octant = (positive.x ? 0u : 1u) | (positive.y ? 0u : 2u) | (positive.z ? 0u : 4u);
    uint flip = octant * 9u;

    int at = 0;
    Spot spot = Spot(0, 0, 0u, uvec2(0u), SOLID);
    bool found = false;
    bool other_brick = true;
    // Every step goes up one axis at least, so there is an end.
    for (;;) {
        // The last voxel of an empty cube around this one, or from it on.
        ivec3 last;
        if (GRID_SHIFT == GROUP_SHIFT) {
            count_iteration();
            at = cell_of(voxel, stride, first_cell);
            uint word = word_at(at);
            uint number = cell_number(voxel, 0) ^ flip;
            uint mask = group_half(at, number);
            if (is_empty(word)) {
                last = (voxel | 3) + leap(word, octant);
            } else {
                found = (mask >> (number & 31u) & 1u) != 0u;
                if (found) {
                    break;
                }
                last = voxel | ((mask >> (number & 24u) & 255u) == 0u ? 1 : 0);
            }
        } else {
            if (other_brick) {
                count_iteration();
                look_up(word_at(cell_of(voxel, stride, first_cell)), voxel, octant, flip, spot);
            }
            last = (voxel | spot.empty) + spot.beyond;
            if (spot.empty == 0) {
                count_iteration();
                uint number = cell_number(voxel, OCTET_SHIFT) ^ flip;
                if (!has_bit(spot.mask, number)) {
                    last = voxel | ((2 << empty_shift(spot.mask, number)) - 1);
                } else {
                    found = spot.first == SOLID;
                    if (!found) {
                        count_iteration();
                        found = has_voxel(spot.first + rank(spot.mask, number), cell_number(voxel, 0) ^ flip);
                    }
                    if (found) {
                        break;
                    }
                }
            }
        }

        // Out of it by the sides that the ray meets first. Those of the scene are met at t_end, so no voxel beyond them is entered.
        vec3 leave = fma(vec3(last), inverse, bias);
        t = min(leave.x, min(leave.y, leave.z));
        if (!(t < t_end)) {
            break;
        }
        ivec3 next = clamp(voxel_at(origin + direction * t), voxel, high);
        next = mix(next, last + 1, lessThanEqual(leave, vec3(t)));
        ivec3 changed = voxel ^ next;
        other_brick = (changed.x | changed.y | changed.z) >> BRICK_SHIFT != 0;
        voxel = next;
    }
    if (!found) {
        return false;
    }
    uint what = GRID_SHIFT == GROUP_SHIFT ? occupant(word_at(at)) : spot.what;
    bool has_brick = int(what) >= 0;
    ivec3 own = mix(whole - 1 - voxel, voxel, positive);
    vec3 enter = (vec3(voxel) - origin) * inverse;
    float t_hit = max(enter.x, max(enter.y, enter.z));
    hit = Hit(own, FACE_INSIDE, 0.0, has_brick ? what : NO_BRICK, has_brick ? 0u : what & 255u);
    if (t_hit > 0.0) {
        hit.face = face_of(enter.x == t_hit ? 0 : enter.y == t_hit ? 1 : 2, positive);
        hit.t = t_hit;
    }
    return true;
}

bool trace(ivec3 size, int levels, vec3 origin, vec3 direction, float t_max, out Hit hit) {
    return trace_from(size, origin, direction, 0.0, t_max, hit);
}
