//! vixen-nodes
