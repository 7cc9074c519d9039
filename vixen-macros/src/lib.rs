//! vixen-macros
