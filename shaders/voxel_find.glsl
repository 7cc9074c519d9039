// What the stages that look for cells, and the march that goes on from there, have in common.

// The distance of what is not there.
const float NOTHING = -1.0;
