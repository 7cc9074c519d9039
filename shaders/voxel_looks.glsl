// What all structures of voxels have in common: materials and normals. Uses bindings 4 and 5 of set 0.

struct Material {
    // Linear RGB reflectance, then emission as a multiple of it.
    vec4 color;
};

layout(set = 0, binding = 4, std430) readonly buffer Attributes { uint data[]; } attributes;
layout(set = 0, binding = 5, std430) readonly buffer Palette { Material data[]; } palette;

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

// What a tree's attribute says of a voxel: see vixen-nodes/src/voxel/tree.rs.
Material surface_of(uint looks, uint face, out vec3 normal) {
    normal = looks >> 16 == 0xFFFFu ? face_normal(face) : unpack_normal(looks >> 16);
    return palette.data[looks & 255u];
}
