// How materials and normals of a brick that build_brick.glsl gathered are stored. Say where: write_word().

// Materials and normals, from a word on.
void emit_looks(Gathered brick, uint word) {
    uint thread = gl_LocalInvocationID.x;
    uint head = word++;
    if (brick.kind == FOUR_BITS) {
        if (thread < 4u) {
            uint four = thread * 4u;
            write_word(word + thread, locals[four] | locals[four + 1u] << 8 | locals[four + 2u] << 16 | locals[four + 3u] << 24);
        }
        word += 4u;
        uint count = (brick.solid + 7u) / 8u;
        for (uint i = thread; i < count; i += 64u) {
            uint packed = 0u;
            for (uint j = i * 8u; j < min(i * 8u + 8u, brick.solid); ++j) {
                packed |= (places[materials[j]] - 1u) << (j % 8u * 4u);
            }
            write_word(word + i, packed);
        }
        word += count;
    } else if (brick.kind == EIGHT_BITS) {
        uint count = (brick.solid + 3u) / 4u;
        for (uint i = thread; i < count; i += 64u) {
            uint packed = 0u;
            for (uint j = i * 4u; j < min(i * 4u + 4u, brick.solid); ++j) {
                packed |= materials[j] << (j % 4u * 8u);
            }
            write_word(word + i, packed);
        }
        word += count;
    }
    if (thread == 0u) {
        write_word(head, (brick.kind == ONE ? brick.most : 0u) | brick.kind << 8 | (brick.has_normals ? word - head : 0u) << 16);
    }
    if (brick.has_normals) {
        for (uint i = thread; i < (brick.solid + 1u) / 2u; i += 64u) {
            write_word(word + i, normals[i * 2u] | (i * 2u + 1u < brick.solid ? normals[i * 2u + 1u] << 16 : 0u));
        }
    }
}
