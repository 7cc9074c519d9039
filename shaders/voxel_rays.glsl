// The program of shaders that trace rays to be counted: a primary ray a pixel and, where it hits, a ray towards the sun or one that
// bounces off. Include a structure's trace() first. Uses binding 6 of set 0.

layout(constant_id = 1) const uint KIND = 0u;
const uint SHADOW = 1u;
const uint BOUNCE = 2u;
const uint NONE = 3u;

layout(local_size_x = 8, local_size_y = 8) in;

// The number of rays in the upper two bits, and below them what depends on what they hit.
layout(set = 0, binding = 6, r32ui) writeonly uniform uimage2D traced;

// Random bits (Jarzynski and Olano 2020, "Hash functions for GPU rendering": PCG).
uint random(inout uint state) {
    state = state * 747796405u + 2891336453u;
    uint word = ((state >> ((state >> 28) + 4u)) ^ state) * 277803737u;
    return (word >> 22) ^ word;
}

// A direction above a surface, as often as its cosine is large.
vec3 bounce(vec3 normal, uint state) {
    const float UNIT = 1.0 / 4294967296.0;
    float z = 1.0 - 2.0 * float(random(state)) * UNIT;
    float angle = 6.2831853 * float(random(state)) * UNIT;
    vec2 around = sqrt(max(1.0 - z * z, 0.0)) * vec2(cos(angle), sin(angle));
    return normalize(normal * 1.0001 + vec3(around, z));
}

uint bits_of(Hit hit) {
    return uint(hit.voxel.x) * 73856093u ^ uint(hit.voxel.y) * 19349663u ^ uint(hit.voxel.z) * 83492791u ^ hit.face;
}

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(traced);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    if (KIND == NONE) {
        imageStore(traced, pixel, uvec4(pixel, 0u, 0u));
        return;
    }
    ivec3 size = ivec3(params.scene_size);
    int levels = int(params.scene_levels);
    vec3 origin = camera.position.xyz;
    vec3 direction = primary_direction(pixel, extent);
    uint rays = 1u;
    uint seen = 0u;
    Hit hit;
    bool found = trace(size, levels, origin, direction, 1e30, hit);
    if (found) {
        seen = bits_of(hit);
        int axis = int(min(hit.face >> 1, 2u));
        vec3 normal = vec3(0.0);
        normal[axis] = (hit.face & 1u) == 0u ? -1.0 : 1.0;
        // As in voxel_light.glsl: on the face and away from its edges.
        vec3 point = clamp(origin + direction * hit.t, vec3(hit.voxel) + 2e-3, vec3(hit.voxel) + 0.998);
        point[axis] = float(hit.voxel[axis]) + (normal[axis] > 0.0 ? 1.002 : -0.002);
        vec3 next = KIND == BOUNCE ? bounce(normal, seen ^ uint(pixel.y * extent.x + pixel.x)) : params.sun_direction;
        // Faces that are turned away from the sun need no ray to be dark.
        if (KIND == BOUNCE || KIND == SHADOW && dot(normal, next) > 0.0) {
            ++rays;
            Hit other;
            if (trace(size, levels, point, next, 1e30, other)) {
                seen = seen * 31u + bits_of(other);
            }
        }
    }
    imageStore(traced, pixel, uvec4(rays << 30 | (COUNTS ? iterations : seen) & 0x3FFFFFFFu));
}
