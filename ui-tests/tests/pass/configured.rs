//! Slots and plain fields that are configured out are not there, for the shader's comparison either.
#![deny(warnings, missing_docs)]
use vixen::{Buffer, Compute, Node, node};

/// Copies.
#[node(compute, shader = "copy.comp.spv")]
pub struct Copy {
    /// Not there.
    #[cfg(any())]
    #[uniform]
    missing: Buffer<NoSuchType>,
    /// Read.
    #[cfg(all())]
    #[storage]
    source: Buffer<[u32]>,
    #[cfg_attr(all(), storage(write))]
    destination: Buffer<[u32]>,
    #[cfg(any())]
    unknown: NoSuchType,
}

#[node]
impl Compute for Copy {
    fn record(view: &View<'_>, commands: &mut Commands<'_>) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

/// Not there at all.
#[node(compute, shader = "no_such_shader.spv")]
#[cfg(any())]
pub struct Gone {
    #[uniform]
    missing: Buffer<NoSuchType>,
}

fn main() {
    assert_eq!(Copy::DECLARATION.slots.iter().map(|slot| slot.name).collect::<Vec<_>>(), ["source", "destination"]);
}
