// A direction of any length as two bytes, all bits for none: the same code as `encode` in vixen-nodes/src/voxel/normal.rs, in whole numbers, so that both
// come to the same bytes.

uint encode_normal(vec3 direction) {
    vec3 size = abs(direction);
    uint exponent = clamp(floatBitsToUint(max(size.x, max(size.y, size.z))) >> 23, 21u, 254u);
    ivec3 at = ivec3(direction * uintBitsToFloat((274u - exponent) << 23));
    uvec3 length = uvec3(abs(at));
    uint sum = length.x + length.y + length.z;
    if (sum == 0u) {
        return 0xFFFFu;
    }
    uint u = (254u * length.x + sum) / (2u * sum);
    uint v = (254u * length.y + sum) / (2u * sum);
    if (at.z < 0) {
        uint folded = 127u - v;
        v = 127u - u;
        u = folded;
    }
    return (at.x < 0 ? 127u - u : 127u + u) | (at.y < 0 ? 127u - v : 127u + v) << 8;
}

// A normal, and the sum of its coordinates without their signs: its size, which adds up where normals cancel out.
vec4 sized(vec3 normal) {
    vec3 along = abs(normal);
    precise float size = along.x + (along.y + along.z);
    return vec4(normal, size);
}

// The direction of a sum of normals with their sizes; none where so little is left of them that it is chance.
uint encode_sum(vec4 sum) {
    return sized(sum.xyz).w * 64.0 < sum.w ? 0xFFFFu : encode_normal(sum.xyz);
}
