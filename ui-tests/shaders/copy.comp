#version 460
// Reads one buffer and writes another. `source` lacks `readonly`, but nothing stores to it.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Source {
    uint words[];
} source;
layout(std430, binding = 1) writeonly buffer Destination {
    uint words[];
} destination;

void main() {
    destination.words[gl_GlobalInvocationID.x] = source.words[gl_GlobalInvocationID.x];
}
