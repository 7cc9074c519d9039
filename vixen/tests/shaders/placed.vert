#version 460
// Streams of bare vectors, and a matrix an instance, which takes four locations.
layout(location = 0) in vec2 corner;
layout(location = 1) in mat4 place;
layout(location = 5) in vec4 color;
layout(location = 0) out vec4 shade;

void main() {
    gl_Position = place * vec4(corner, 0.5, 1.0);
    shade = color;
}
