//! vixen
