#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require

// Copies many small pieces of staging memory to where they belong. One workgroup copies one record.

const uint THREADS = 256;
layout(local_size_x = THREADS) in;

layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer SourceQuads { uvec4 quads[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) writeonly buffer TargetQuads { uvec4 quads[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer SourceWords { uint words[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) writeonly buffer TargetWords { uint words[]; };

// `Record` of scatter.rs.
struct Record {
    uvec2 source;
    uvec2 destination;
    uint bytes;
    uint unused[3];
};
// `Header` of scatter.rs, and what follows it.
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Records {
    uvec3 workgroups;
    uint count;
    uvec4 unused;
    Record records[];
};

layout(push_constant) uniform Params {
    uvec2 records;
} params;

void main() {
    uint index = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    Records batch = Records(params.records);
    // Where there are several rows, the last may be too long.
    if (gl_NumWorkGroups.y > 1u && index >= batch.count) {
        return;
    }
    Record record = batch.records[index];
    uint thread = gl_LocalInvocationID.x;
    if (((record.source.x | record.destination.x | record.bytes) & 15u) == 0u) {
        SourceQuads source = SourceQuads(record.source);
        TargetQuads target = TargetQuads(record.destination);
        for (uint quad = thread; quad < record.bytes / 16u; quad += THREADS) {
            target.quads[quad] = source.quads[quad];
        }
    } else {
        SourceWords source = SourceWords(record.source);
        TargetWords target = TargetWords(record.destination);
        for (uint word = thread; word < record.bytes / 4u; word += THREADS) {
            target.words[word] = source.words[word];
        }
    }
}
