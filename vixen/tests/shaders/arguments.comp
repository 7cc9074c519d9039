#version 460
// Writes the arguments of a dispatch, and of a draw behind it.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0, std430) writeonly buffer Values { uint values[]; } values;
layout(push_constant) uniform Params { uint amount; } params;

void main() {
    values.values[0] = params.amount;
    values.values[1] = 1;
    values.values[2] = 1;
    values.values[3] = 0;
    values.values[4] = 0;
}
