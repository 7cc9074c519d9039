#version 460
// More push constants than every device has.
layout(local_size_x = 1) in;
layout(push_constant) uniform Params {
    mat4 first;
    mat4 second;
    vec4 third;
} params;
layout(std430, binding = 0) writeonly buffer Sum {
    float total;
} sum;

void main() {
    sum.total = params.first[0].x + params.second[0].x + params.third.x;
}
