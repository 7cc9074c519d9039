// Rays through an efficient sparse voxel octree, by the algorithm of Laine and Karras 2010, section 4 of "Efficient sparse voxel
// octrees": push, advance and pop over cubes whose corners are floats from 1 to 2, with a stack that is found by scale.
// vixen-nodes/src/voxel/esvo.rs explains the words. Uses bindings 1, 4 and 5 of set 0.

#include "voxel_step.glsl"
#include "voxel_looks.glsl"

struct OctreeNode {
    uvec2 words;
};

layout(set = 0, binding = 1, std430) readonly buffer Nodes { OctreeNode data[]; } nodes;

// The mantissa of a float has so many bits: a cube of scale s has an edge of 2^(s - 23).
const int TOP_SCALE = 23;
const int MAX_LEVELS = 13;

struct Parent {
    uint node;
    float t_max;
};

bvec3 bits_of(uint number) {
    return notEqual(uvec3(number) & uvec3(1u, 2u, 4u), uvec3(0u));
}

uint number_of(bvec3 bits) {
    return uint(bits.x) | uint(bits.y) << 1 | uint(bits.z) << 2;
}

float exp2_of(int scale) {
    return uintBitsToFloat(uint(scale - TOP_SCALE + 127) << 23);
}

// The first solid voxel on a ray through a scene of this size, in a cube of edge 2^levels.
bool trace(ivec3 size, int levels, vec3 ray_origin, vec3 ray_direction, float t_limit, out Hit hit) {
    float edge = float(1 << levels);
    vec3 direction = safe_direction(ray_direction) / edge;
    vec3 origin = ray_origin / edge + 1.0;

    // Mirrored so that the ray runs against every axis. `mirror` tells which children change places.
    bvec3 positive = greaterThan(direction, vec3(0.0));
    origin = mix(origin, 3.0 - origin, positive);
    uint mirror = number_of(positive);
    vec3 slope = -1.0 / abs(direction);

    vec3 enter = (2.0 - origin) * slope;
    vec3 leave = (1.0 - origin) * slope;
    float t_min = max(max(enter.x, max(enter.y, enter.z)), 0.0);
    float t_max = min(min(leave.x, min(leave.y, leave.z)), t_limit);
    if (!(t_min < t_max)) {
        return false;
    }
    float h = t_max;

    Parent stack[MAX_LEVELS + 1];
    uint parent = 0u;
    uvec2 node = nodes.data[0].words;
    int scale = TOP_SCALE - 1;
    float cube = 0.5;
    bvec3 upper = greaterThan((1.5 - origin) * slope, vec3(t_min));
    uint child = number_of(upper);
    vec3 corner = mix(vec3(1.0), vec3(1.5), upper);

    while (scale < TOP_SCALE) {
        count_iteration();
        vec3 t_corner = (corner - origin) * slope;
        float t_leave = min(t_corner.x, min(t_corner.y, t_corner.z));
        uint bit = 1u << (child ^ mirror);

        if ((node.y >> 8 & bit) != 0u && t_min <= t_max) {
            float t_inside = min(t_max, t_leave);
            if (t_min <= t_inside) {
                if ((node.y & bit) != 0u) {
                    break;
                }
                // Push, unless nothing is left of the parent for the ray to come back to.
                if (t_leave < h) {
                    stack[TOP_SCALE - 1 - scale] = Parent(parent, t_max);
                }
                h = t_leave;
                parent = node.x + bitCount((node.y >> 8) & ~node.y & (bit - 1u));
                node = nodes.data[parent].words;
                --scale;
                cube *= 0.5;
                vec3 t_center = cube * slope + t_corner;
                upper = greaterThan(t_center, vec3(t_min));
                child = number_of(upper);
                corner += mix(vec3(0.0), vec3(cube), upper);
                t_max = t_inside;
                continue;
            }
        }

        // Advance to the neighbour across the sides that the ray leaves by.
        bvec3 crossed = lessThanEqual(t_corner, vec3(t_leave));
        uint crossing = number_of(crossed);
        vec3 left = corner;
        corner -= mix(vec3(0.0), vec3(cube), crossed);
        t_min = t_leave;
        child ^= crossing;
        if ((child & crossing) != 0u) {
            // Pop: the highest bit that has changed tells which cube holds both.
            uvec3 changed = mix(uvec3(0u), floatBitsToUint(left) ^ floatBitsToUint(corner), crossed);
            scale = findMSB(changed.x | changed.y | changed.z);
            if (scale >= TOP_SCALE) {
                return false;
            }
            cube = exp2_of(scale);
            Parent above = stack[TOP_SCALE - 1 - scale];
            parent = above.node;
            t_max = above.t_max;
            node = nodes.data[parent].words;
            uvec3 at = floatBitsToUint(corner) >> scale;
            corner = uintBitsToFloat(at << scale);
            child = number_of(notEqual(at & 1u, uvec3(0u)));
            h = 0.0;
        }
    }
    if (scale >= TOP_SCALE) {
        return false;
    }

    // Out of the mirror, in voxels.
    int shift = scale - (TOP_SCALE - levels);
    vec3 low = (mix(corner, 3.0 - cube - corner, positive) - 1.0) * edge;
    vec3 t_enter = (corner + cube - origin) * slope;
    ivec3 first = ivec3(low);
    ivec3 last = first + (1 << shift) - 1;
    hit.t = t_min;
    hit.face = FACE_INSIDE;
    hit.voxel = clamp(voxel_at(ray_origin + ray_direction * t_min), first, last);
    int axis = first_smallest(-t_enter);
    if (t_enter[axis] > 0.0) {
        hit.face = face_of(axis, positive);
        hit.voxel[axis] = positive[axis] ? first[axis] : last[axis];
    }
    hit.brick = parent;
    hit.material = bitCount(node.y & 255u & ((1u << (child ^ mirror)) - 1u));
    return true;
}

// Whether a voxel is solid.
bool is_solid(ivec3 size, int levels, ivec3 voxel) {
    if (any(lessThan(voxel, ivec3(0))) || any(greaterThanEqual(voxel, size))) {
        return false;
    }
    uint index = 0u;
    for (int shift = levels - 1; shift >= 0; --shift) {
        uvec2 node = nodes.data[index].words;
        uvec3 octant = uvec3(voxel >> shift) & 1u;
        uint bit = 1u << (octant.x | octant.y << 1 | octant.z << 2);
        if ((node.y >> 8 & bit) == 0u || (node.y & bit) != 0u) {
            return (node.y & bit) != 0u;
        }
        index = node.x + bitCount((node.y >> 8) & ~node.y & (bit - 1u));
    }
    return true;
}

// The material of the voxel that was hit, and the direction that its surface faces.
Material surface(Hit hit, out vec3 normal) {
    return surface_of(attributes.data[attributes.data[hit.brick] + hit.material], hit.face, normal);
}
