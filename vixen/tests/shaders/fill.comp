#version 460
// Writes index * factor + offset to every element.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) uniform Settings { uint offset; } settings;
layout(set = 0, binding = 1, std430) writeonly buffer Values { uint values[]; } values;
layout(push_constant) uniform Params { uint factor; } params;

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index < values.values.length()) {
        values.values[index] = index * params.factor + settings.offset;
    }
}
