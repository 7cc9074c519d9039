//! Wires: a read borrows one, a write moves it.

use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::rc::Rc;

use crate::graph::error::DeclarationError;
use crate::graph::format::Format;
use crate::graph::resource::{Buffer, Dim, Image};
use crate::graph::tables::{DeclaredWire, Part, Tables};
use crate::plan::Region;

/// One version of a resource.
///
/// A slot that reads borrows it, so any number of nodes can read; a `read_write` slot moves it in and gives the next
/// version back, so that a version which has been overwritten cannot be named any more.
#[must_use = "a wire that nothing reads keeps nothing alive: read it, present it, read it back or retain it"]
pub struct Wire<R> {
    pub(crate) handle: Handle,
    kind: PhantomData<fn() -> R>,
}

/// A resource whose contents are undefined: a `write` slot takes it and defines all of it.
#[must_use = "a target does nothing until a `write` slot takes it"]
pub struct Target<R> {
    pub(crate) handle: Handle,
    kind: PhantomData<fn() -> R>,
}

/// A resource that is owned elsewhere. It derefs to a [`Wire`] for reading and can never be moved into a write.
pub struct Shared<R> {
    wire: Rc<Wire<R>>,
}

/// An entry in a graph's tables.
pub(crate) struct Handle {
    pub tables: Rc<Tables>,
    pub index: u32,
}

impl Handle {
    /// Adds an entry for `parts`.
    pub fn new(tables: &Rc<Tables>, parts: Vec<Part>, producer: Option<(crate::plan::NodeId, u32)>) -> Self {
        let mut declared = tables.declared.borrow_mut();
        let index = declared.wires.len() as u32;
        declared.wires.push(DeclaredWire { parts, producer, used: false });
        Self { tables: Rc::clone(tables), index }
    }

    /// What it stands for; marks it as used.
    pub fn take_parts(&self) -> Vec<Part> {
        let mut declared = self.tables.declared.borrow_mut();
        // Nothing is left of the tables once the graph was compiled, and `compile` says so if it is asked again.
        let Some(wire) = declared.wires.get_mut(self.index as usize) else { return Vec::new() };
        wire.used = true;
        wire.parts.clone()
    }

    /// Cuts it into pieces along one axis; `cut` maps each part's region to the regions of the pieces.
    fn split(&self, cut: impl Fn(&Part) -> Vec<Region>) -> Vec<Self> {
        let producer = self.tables.declared.borrow().wires.get(self.index as usize).and_then(|wire| wire.producer);
        let mut pieces: Vec<Vec<Part>> = Vec::new();
        for part in self.take_parts() {
            for (index, region) in cut(&part).into_iter().enumerate() {
                if pieces.len() <= index {
                    pieces.push(Vec::new());
                }
                pieces[index].push(Part { region, ..part });
            }
        }
        pieces.into_iter().map(|parts| Self::new(&self.tables, parts, producer)).collect()
    }

    /// The mip levels and array layers of an image.
    fn image_size(&self, part: &Part) -> (u32, u32) {
        self.tables.declared.borrow().resources[part.resource.0 as usize].shape.levels()
    }

    /// The mip levels and array layers that a part covers, with open ends resolved.
    pub fn image_region(&self, part: &Part) -> Region {
        let (mips, layers) = self.image_size(part);
        let Region { major, minor } = part.region;
        Region { major: [major[0], major[1].min(u64::from(mips))], minor: [minor[0], minor[1].min(layers)] }
    }

    fn split_mips(&self) -> Vec<Self> {
        self.split(|part| {
            let Region { major, minor } = self.image_region(part);
            (major[0]..major[1]).map(|mip| Region { major: [mip, mip + 1], minor }).collect()
        })
    }

    fn split_layers(&self) -> Vec<Self> {
        self.split(|part| {
            let Region { major, minor } = self.image_region(part);
            (minor[0]..minor[1]).map(|layer| Region { major, minor: [layer, layer + 1] }).collect()
        })
    }

    fn split_bytes(&self, at: u64) -> [Self; 2] {
        let pieces = self.split(|part| {
            let [start, end] = part.region.major;
            let middle = start.saturating_add(at).min(end);
            vec![Region { major: [start, middle], ..part.region }, Region { major: [middle, end], ..part.region }]
        });
        let mut pieces = pieces.into_iter();
        std::array::from_fn(|_| pieces.next().unwrap_or_else(|| Self::new(&self.tables, Vec::new(), None)))
    }

    /// Joins pieces of one resource; an error that `compile` reports when they are not.
    #[track_caller]
    fn join(pieces: Vec<Self>) -> Option<Self> {
        let at = Location::caller();
        let first = pieces.first()?;
        let tables = Rc::clone(&first.tables);
        if let Some(foreign) = pieces.iter().find(|piece| piece.tables.id != tables.id) {
            let error = DeclarationError::ForeignWire {
                user: "`join`".into(),
                user_at: at,
                graph_at: tables.at,
                wire_graph_at: foreign.tables.at,
            };
            tables.declared.borrow_mut().errors.push(error);
        }
        let mut parts: Vec<Part> =
            pieces.iter().filter(|piece| piece.tables.id == tables.id).flat_map(Self::take_parts).collect();
        if !merge(&mut parts) {
            tables.declared.borrow_mut().errors.push(DeclarationError::JoinOfStrangers { at });
        }
        Some(Self::new(&tables, parts, None))
    }
}

/// Merges neighbouring regions until one part is left for each switch state; false when the pieces do not tile one region
/// of one resource.
///
/// Every piece has one part for each state, and only parts of the same states merge. So if no two of those that are left hold
/// in one state, the part that is left for a state is all of the pieces.
fn merge(parts: &mut Vec<Part>) -> bool {
    let mut merged = true;
    while merged {
        merged = false;
        'pairs: for a in 0..parts.len() {
            for b in 0..parts.len() {
                if a != b
                    && let Some(region) = adjoin(parts[a], parts[b])
                {
                    parts[a].region = region;
                    parts.remove(b);
                    merged = true;
                    break 'pairs;
                }
            }
        }
    }
    parts
        .iter()
        .enumerate()
        .all(|(index, part)| parts[..index].iter().all(|other| other.condition.excludes(part.condition)))
}

/// The union of two regions of one resource, where `b` continues `a`.
fn adjoin(a: Part, b: Part) -> Option<Region> {
    if a.resource != b.resource || a.age != b.age || a.condition != b.condition {
        return None;
    }
    let (a, b) = (a.region, b.region);
    if a.minor == b.minor && a.major[1] == b.major[0] {
        return Some(Region { major: [a.major[0], b.major[1]], minor: a.minor });
    }
    if a.major == b.major && a.minor[1] == b.minor[0] {
        return Some(Region { major: a.major, minor: [a.minor[0], b.minor[1]] });
    }
    None
}

macro_rules! split_and_join {
    ($name:ident, $what:literal) => {
        impl<R> $name<R> {
            pub(crate) fn new(handle: Handle) -> Self {
                Self { handle, kind: PhantomData }
            }

            #[doc = concat!("Puts ", $what, "s of disjoint parts of one resource together again.")]
            ///
            /// Pieces that do not tile one region of one resource are an error that `compile` reports.
            ///
            /// # Panics
            /// When there is no piece.
            #[track_caller]
            pub fn join(pieces: impl IntoIterator<Item = Self>) -> Self {
                let handles: Vec<Handle> = pieces.into_iter().map(|piece| piece.handle).collect();
                Self::new(Handle::join(handles).expect("join needs at least one piece"))
            }
        }

        impl<F: Format, D: Dim> $name<Image<F, D>> {
            #[doc = concat!("One ", $what, " for each mip level.")]
            pub fn split_mips(self) -> Vec<Self> {
                self.handle.split_mips().into_iter().map(Self::new).collect()
            }

            #[doc = concat!("One ", $what, " for each array layer.")]
            pub fn split_layers(self) -> Vec<Self> {
                self.handle.split_layers().into_iter().map(Self::new).collect()
            }
        }

        impl<T: crate::shader::Block> $name<Buffer<[T]>> {
            #[doc = concat!("A ", $what, " of the first `length` elements and one of the rest.")]
            ///
            /// As descriptors, the start of the rest must be a multiple of the device's offset alignment; compile checks.
            pub fn split_at(self, length: u64) -> [Self; 2] {
                self.handle.split_bytes(length.saturating_mul(size_of::<T>() as u64)).map(Self::new)
            }
        }
    };
}

split_and_join!(Wire, "wire");
split_and_join!(Target, "target");

impl<R> Wire<R> {
    /// Gives the contents up: the resource can be written anew.
    pub fn discard(self) -> Target<R> {
        let parts = self.handle.take_parts();
        Target::new(Handle::new(&self.handle.tables, parts, None))
    }

    /// Lets any number of readers hold it; it can never be moved into a write again.
    pub fn share(self) -> Shared<R> {
        Shared { wire: Rc::new(self) }
    }
}

impl<R> Deref for Shared<R> {
    type Target = Wire<R>;

    fn deref(&self) -> &Wire<R> {
        &self.wire
    }
}

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self { wire: Rc::clone(&self.wire) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Condition, ResourceId};

    /// The halves of a buffer of 8 bytes, each with one part for each condition, of a resource of its own.
    fn halves(conditions: &[(u32, u32)]) -> [Vec<Part>; 2] {
        [[0, 4], [4, 8]].map(|major| {
            let part = |(resource, &(mask, value)): (u32, &(u32, u32))| {
                let (resource, region) = (ResourceId(resource), Region { major, minor: [0, 1] });
                Part { resource, age: 0, region, condition: Condition { mask, value } }
            };
            (0..).zip(conditions).map(part).collect()
        })
    }

    #[test]
    fn what_switches_within_switches_select_joins_as_well() {
        for conditions in [&[(0, 0)][..], &[(1, 0), (1, 1)], &[(1, 0), (3, 1), (3, 3)]] {
            let mut parts = halves(conditions).concat();
            assert!(merge(&mut parts), "{conditions:?}");
            assert_eq!(parts.len(), conditions.len());
            assert!(parts.iter().all(|part| part.region.major == [0, 8]));
        }
    }

    #[test]
    fn halves_of_different_wires_do_not_join() {
        for conditions in [&[(0, 0)][..], &[(1, 0), (1, 1)], &[(1, 0), (3, 1), (3, 3)]] {
            let [first, mut second] = halves(conditions);
            second.iter_mut().for_each(|part| part.resource.0 += 10);
            assert!(!merge(&mut [first, second].concat()), "{conditions:?}");
        }
        // Selected by different switches.
        let [first, mut second] = halves(&[(1, 0), (1, 1)]);
        second.iter_mut().for_each(|part| part.condition = Condition { mask: 2, value: part.condition.value << 1 });
        assert!(!merge(&mut [first, second].concat()));
    }
}
