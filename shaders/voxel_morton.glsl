// The number of a cell by the low three bits of its coordinates.
uint morton3(uvec3 at) {
    uvec3 spread = (at & 1u) | ((at & 2u) << 2) | ((at & 4u) << 4);
    return spread.x | (spread.y << 1) | (spread.z << 2);
}
