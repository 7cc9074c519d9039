//! Every error of `compile`: that it is found, and that its words name the node and the slot and say what to do.
