// The steps of a ray from voxel to voxel. Uses no binding.
//
// The ray keeps the voxel that it is in as integers, and only ever moves it forward, so rounding cannot lead it astray: it may
// choose the wrong side of an edge that it passes within a few millionths of the scene's size, and nothing else.

// Whether to count the iterations of marches, to compare structures by.
layout(constant_id = 0) const bool COUNTS = false;
uint iterations = 0u;

void count_iteration() {
    if (COUNTS) {
        ++iterations;
    }
}

const uint NO_BRICK = 0xFFFFFFFFu;
const uint FACE_INSIDE = 6u;

struct Hit {
    ivec3 voxel;
    // 0 to 5 for -x, +x, -y, +y, -z, +z; FACE_INSIDE where the ray starts inside.
    uint face;
    // In lengths of the ray's direction.
    float t;
    // The brick, or NO_BRICK: then all around is of one material. Other structures than the brick map say in these two what
    // their surface() has to know.
    uint brick;
    uint material;
};

// What a direction has in place of zeros, so that one can divide by it.
const float TINY = 1e-20;

// A direction with zeros made harmless: they become a tiny step to the positive side.
vec3 safe_direction(vec3 direction) {
    return mix(direction, vec3(TINY), lessThan(abs(direction), vec3(TINY)));
}

// The voxel that a place lies in; exactly between two it is one or the other. What is negative becomes less than 0, to be clamped.
//
// From 2^23 on the last bit of a float is a one, so that the sum is rounded to a whole number, which its bits tell. A conversion would
// do the same, but software drivers convert lane by lane, and GPUs at a quarter of the rate of additions.
ivec3 voxel_at(vec3 place) {
    const float ONES = 8388608.0;
    precise vec3 sum = place + (ONES - 0.5);
    return floatBitsToInt(sum) - floatBitsToInt(ONES);
}

// The same where a ray starts: exactly between two it is the upper one, or, of 0, what clamping puts right.
ivec3 first_voxel_at(vec3 place) {
    return voxel_at(place * (1.0 + 1.0 / 8388608.0));
}

int first_smallest(vec3 v) {
    return v.x <= v.y && v.x <= v.z ? 0 : v.y <= v.z ? 1 : 2;
}

uint face_of(int axis, bvec3 positive) {
    return 2u * uint(axis) + (positive[axis] ? 0u : 1u);
}

// A ray, with what every step needs.
struct Ray {
    vec3 origin;
    vec3 direction;
    vec3 inverse;
    bvec3 positive;
};

// Where a ray is: in a voxel, into which it came by a face, so many lengths of its direction from its origin.
struct Place {
    ivec3 voxel;
    uint face;
    float t;
};

Ray ray_of(vec3 origin, vec3 direction) {
    vec3 d = safe_direction(direction);
    return Ray(origin, d, 1.0 / d, greaterThan(d, vec3(0.0)));
}

// Whether a ray meets a box of voxels from a distance on, and the place where it enters it or, inside, starts.
bool enter_box(Ray ray, ivec3 low, ivec3 high, float start, out Place place) {
    vec3 near = (mix(vec3(high), vec3(low), ray.positive) - ray.origin) * ray.inverse;
    vec3 far = (mix(vec3(low), vec3(high), ray.positive) - ray.origin) * ray.inverse;
    float enter = max(near.x, max(near.y, near.z));
    float leave = min(far.x, min(far.y, far.z));
    if (!(enter < leave && leave > start)) {
        return false;
    }
    place.t = max(enter, start);
    place.face = FACE_INSIDE;
    place.voxel = clamp(first_voxel_at(ray.origin + ray.direction * place.t), low, high - 1);
    if (enter > start) {
        int axis = first_smallest(-near);
        place.face = face_of(axis, ray.positive);
        place.voxel[axis] = ray.positive[axis] ? low[axis] : high[axis] - 1;
    }
    return true;
}

// Out of the aligned cube of edge 2^shift around the voxel, by the side that the ray meets first.
void leave_cube(Ray ray, int shift, inout Place place) {
    ivec3 low = place.voxel >> shift << shift;
    ivec3 high = low + ((1 << shift) - 1);
    vec3 leave = (vec3(mix(low, high + 1, ray.positive)) - ray.origin) * ray.inverse;
    int axis = first_smallest(leave);
    ivec3 next = voxel_at(ray.origin + ray.direction * leave[axis]);
    next = clamp(next, mix(low, place.voxel, ray.positive), mix(place.voxel, high, ray.positive));
    next[axis] = ray.positive[axis] ? high[axis] + 1 : low[axis] - 1;
    place = Place(next, face_of(axis, ray.positive), leave[axis]);
}
