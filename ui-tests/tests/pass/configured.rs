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
    fn record(view: &View, commands: &mut Commands) {
        commands.dispatch_over([view.source.len() as u32, 1, 1]);
    }
}

fn main() {
    assert_eq!(Copy::DECLARATION.slots.iter().map(|slot| slot.name).collect::<Vec<_>>(), ["source", "destination"]);
}
