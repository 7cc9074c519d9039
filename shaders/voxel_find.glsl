// What the stages that look for cells, and the march that goes on from there, have in common.

const uint NO_CELL = 0xFFFFFFFFu;
