// The voxels of a brick, gathered by a workgroup of 64: `brick` of vixen-nodes/src/voxel/build.rs. Include a source first, which says
// which brick it is, find(), which voxels of an octet are solid, solid_bits(), and what one looks like, look_at(). Uses binding 1 of set 0.

layout(local_size_x = 64) in;

// Morton numbers of the cells of level 1 that may hold something, in order.
layout(set = 0, binding = 1, std430) readonly buffer Cells { uint data[]; } cells;

const uint ONE = 0u;
const uint FOUR_BITS = 1u;
const uint EIGHT_BITS = 2u;

// Masks of octets.
shared uint bytes[64];
shared uint shared_octets[2];
// Solid voxels of eight octets in a row.
shared uint sums_of_eight[8];
// Of the solid voxels, in order.
shared uint materials[512];
shared uint normals[512];
// Where each material stands among those that there are, from 1 on; and which these are.
shared uint places[256];
shared uint locals[16];
shared uint any_other;
shared uint any_normal;
shared uint shared_most;
shared uint shared_kind;

struct Gathered {
    uint solid;
    // Which octets hold voxels.
    uvec2 octets;
    uint kind;
    bool has_normals;
    // The material that stands for all.
    uint most;
};

// The voxel with the least coordinates of a brick.
uvec3 origin_of(uint morton, uint number) {
    return unmorton(morton) * 32u + unmorton(number) * 8u;
}

uint words_of(Gathered brick) {
    if (brick.kind == ONE && !brick.has_normals) {
        return 0u;
    }
    uint words = brick.kind == ONE ? 0u : brick.kind == FOUR_BITS ? 4u + (brick.solid + 7u) / 8u : (brick.solid + 3u) / 4u;
    return 1u + words + (brick.has_normals ? (brick.solid + 1u) / 2u : 0u);
}

uint mask_bytes_of(Gathered brick) {
    return brick.solid == 512u ? 0u : count(brick.octets);
}

bool is_one_solid(Gathered brick) {
    return brick.solid == 512u && brick.kind == ONE && !brick.has_normals;
}

// How large it will be.
Slot slot_of(Gathered brick) {
    uint what = brick.solid | (is_one_solid(brick) ? 1u << 16 : 0u) | mask_bytes_of(brick) << 17 | brick.most << 24;
    return Slot(what, words_of(brick));
}

// Votes and materials, one after another, as the result depends on their order.
void sort_materials(uint solid) {
    Vote votes = Vote(0u, 0u);
    uint different = 0u;
    uint kind = FOUR_BITS;
    for (uint i = 0u; i < solid; ++i) {
        uint material = materials[i];
        vote(votes, material);
        if (kind == FOUR_BITS && places[material] == 0u) {
            if (different == 16u) {
                kind = EIGHT_BITS;
            } else {
                locals[different] = material;
                places[material] = ++different;
            }
        }
    }
    for (uint i = different; i < 16u; ++i) {
        locals[i] = 0u;
    }
    shared_most = votes.winner;
    shared_kind = kind;
}

Gathered gather_brick(uvec3 origin) {
    uint thread = gl_LocalInvocationID.x;
    uint bits = solid_bits(origin, thread);
    bytes[thread] = bits;
    for (uint i = 0u; i < 4u; ++i) {
        places[thread * 4u + i] = 0u;
    }
    if (thread < 2u) {
        any_other = 0u;
        any_normal = 0u;
        shared_octets[thread] = 0u;
    }
    barrier();
    if (bits != 0u) {
        atomicOr(shared_octets[thread >> 5], 1u << (thread & 31u));
    }
    if (thread < 8u) {
        uint sum = 0u;
        for (uint i = 0u; i < 8u; ++i) {
            sum += uint(bitCount(bytes[thread * 8u + i]));
        }
        sums_of_eight[thread] = sum;
    }
    barrier();
    uvec2 octets = uvec2(shared_octets[0], shared_octets[1]);
    uint before = 0u;
    uint solid = 0u;
    for (uint i = 0u; i < 8u; ++i) {
        solid += sums_of_eight[i];
        before += i < thread >> 3 ? sums_of_eight[i] : 0u;
        before += i < (thread & 7u) ? uint(bitCount(bytes[(thread & ~7u) + i])) : 0u;
    }
    // For now, which voxel it is.
    for (uint i = 0u; i < 8u; ++i) {
        if ((bits >> i & 1u) != 0u) {
            normals[before++] = thread * 8u + i;
        }
    }
    barrier();
    // An invocation for each solid voxel.
    for (uint first = 0u; first < solid; first += 64u) {
        uint rank = first + thread;
        bool is_solid = rank < solid;
        uint material = 0u;
        uint normal = NO_NORMAL;
        look_at(is_solid, origin, is_solid ? normals[rank] : 0u, material, normal);
        if (is_solid) {
            materials[rank] = material;
            normals[rank] = normal;
        }
        if (normal != NO_NORMAL) {
            any_normal = 1u;
        }
    }
    barrier();
    for (uint i = thread; i < solid; i += 64u) {
        if (materials[i] != materials[0]) {
            any_other = 1u;
        }
    }
    barrier();
    if (thread == 0u) {
        if (any_other != 0u) {
            sort_materials(solid);
        } else {
            shared_most = solid > 0u ? materials[0] : 0u;
            shared_kind = ONE;
        }
    }
    barrier();
    return Gathered(solid, octets, shared_kind, any_normal != 0u, shared_most);
}
