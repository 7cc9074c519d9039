// The program of passes that say how large each brick will be. Include build_brick.glsl first. Uses binding 2 of set 0.

layout(set = 0, binding = 2, std430) writeonly buffer Slots { Slot data[]; } slots;

void main() {
    uint cell = this_cell();
    if (cell >= params.cells) {
        return;
    }
    uint number = gl_WorkGroupID.x;
    uint slot = cell * 64u + number;
    if (holds_nothing(slot)) {
        if (gl_LocalInvocationID.x == 0u) {
            slots.data[slot] = Slot(0u, 0u);
        }
        return;
    }
    Gathered brick = gather_brick(unmorton(cells.data[cell]) * 32u + unmorton(number) * 8u, slot);
    if (gl_LocalInvocationID.x == 0u) {
        uint what = brick.solid | (is_one_solid(brick) ? 1u << 16 : 0u) | mask_words_of(brick) << 17 | brick.most << 24;
        slots.data[slot] = Slot(what, words_of(brick));
    }
}
