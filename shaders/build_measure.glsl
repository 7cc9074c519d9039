// The program of passes that say how large each brick will be. Include build_brick.glsl first. Uses binding 2 of set 0.

layout(set = 0, binding = 2, std430) writeonly buffer Slots { Slot data[]; } slots;

void main() {
    uint cell;
    uint number;
    if (!find(cell, number)) {
        return;
    }
    Gathered brick = gather_brick(origin_of(cells.data[cell], number));
    if (gl_LocalInvocationID.x == 0u) {
        slots.data[cell * 64u + number] = slot_of(brick);
    }
}
