//! What graphs do on a device, under the validation layer: each module is one theme.

#[path = "../common/mod.rs"]
mod common;
mod compute;
mod errors;
mod graphics;
mod history;
mod host;
mod images;
mod imports;
mod limits;
mod misuse;
mod ray_tracing;
mod recompile;
mod report;
mod resize;
mod sharing;
mod switches;
mod threads;
mod transfer;
