// What a voxel looks like. Include voxel_trace.glsl first. Uses bindings 4 and 5 of set 0.

struct Material {
    // Linear RGB reflectance, then emission as a multiple of it.
    vec4 color;
};

layout(set = 0, binding = 4, std430) readonly buffer Attributes { uint data[]; } attributes;
layout(set = 0, binding = 5, std430) readonly buffer Palette { Material data[]; } palette;

// Solid voxels before this one in its brick.
uint voxel_rank(uint mask, uint number) {
    if (mask == SOLID) {
        return number;
    }
    uint before = 0u;
    for (uint group = 0u; group < number >> 6; ++group) {
        uvec2 words = masks.data[mask].groups[group];
        before += bitCount(words.x) + bitCount(words.y);
    }
    return before + rank(masks.data[mask].groups[number >> 6], number & 63u);
}

uint attribute_byte(uint word, uint index) {
    return attributes.data[word + (index >> 2)] >> (8u * (index & 3u)) & 255u;
}

uint material_index(Brick brick, uint rank) {
    uint word = brick.materials & 0x3FFFFFFFu;
    switch (brick.materials >> 30) {
        case 0u: return brick.materials & 255u;
        case 1u: return attribute_byte(word, attributes.data[word + 4u + (rank >> 3)] >> (4u * (rank & 7u)) & 15u);
        default: return attribute_byte(word, rank);
    }
}

// The direction of two bytes (octahedral mapping).
vec3 unpack_normal(uint bits) {
    vec2 point = clamp((vec2(bits & 255u, bits >> 8) - 127.0) / 127.0, -1.0, 1.0);
    vec3 normal = vec3(point, 1.0 - abs(point.x) - abs(point.y));
    if (normal.z < 0.0) {
        normal.xy = (1.0 - abs(point.yx)) * mix(vec2(-1.0), vec2(1.0), greaterThanEqual(point, vec2(0.0)));
    }
    return normalize(normal);
}

vec3 face_normal(uint face) {
    vec3 normal = vec3(0.0);
    normal[min(face >> 1, 2u)] = (face & 1u) == 0u ? -1.0 : 1.0;
    return normal;
}

// The material of the voxel that was hit, and the direction that its surface faces: its own where it has one, else its face's.
Material surface(Hit hit, out vec3 normal) {
    normal = face_normal(hit.face);
    if (hit.brick == NO_BRICK) {
        return palette.data[hit.material];
    }
    Brick brick = bricks.data[hit.brick];
    uint rank = voxel_rank(brick.mask, morton3(uvec3(hit.voxel)));
    if (brick.normals != 0xFFFFFFFFu) {
        uint bits = attributes.data[brick.normals + (rank >> 1)] >> (16u * (rank & 1u)) & 0xFFFFu;
        normal = bits == 0xFFFFu ? normal : unpack_normal(bits);
    }
    return palette.data[material_index(brick, rank)];
}
