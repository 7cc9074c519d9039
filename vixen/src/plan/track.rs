//! The life of one cell of a resource as a sequence of versions, around the frame boundary where its contents go on.

use std::ops::Range;

use ash::vk;

use super::lanes::{Grid, Item, Lanes};
use super::{Effect, Input, Residency, ResourceItem, Use};

/// How a resource meets the world before and after the frame.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// What the first access must wait for in the same frame.
    pub entry: Option<Use>,
    /// What waits for the last access in the same frame.
    pub exit: Option<Use>,
    /// Its next touch after the last one is the first one of a later frame.
    pub cyclic: bool,
}

/// Nothing to wait for and no contents to keep, but a layout to come from.
const NOTHING: Use =
    Use { stages: vk::PipelineStageFlags2::NONE, access: vk::AccessFlags2::NONE, layout: vk::ImageLayout::UNDEFINED };

impl Bounds {
    /// The bounds of a resource, by the rules that `Residency` states; `written` only matters for one with a copy per slot.
    pub fn of(resource: &ResourceItem, written: bool) -> Self {
        let (entry, exit) = (resource.entry, resource.exit);
        match resource.residency {
            Residency::History { .. } => Self { entry: None, exit: None, cyclic: true },
            Residency::Swapchain => Self { entry: entry.or(Some(NOTHING)), exit, cyclic: false },
            Residency::PerSlot => {
                let implied = if resource.image && written { Some(NOTHING) } else { None };
                Self { entry: entry.or(implied), exit, cyclic: false }
            }
            Residency::Transient | Residency::Persistent => {
                let entry = entry.or(exit);
                Self { entry, exit, cyclic: entry.is_none() }
            }
        }
    }

    /// The bounds of all resources, as the living nodes in `lanes` touch them.
    pub fn all(input: &Input, lanes: &Lanes) -> Vec<Self> {
        let bounds = |(resource, grid): (&ResourceItem, &Grid)| {
            let mut cells = 0..grid.cells;
            let writes = |item: &Item| lanes.effects[item.access as usize].writes();
            let written = resource.residency == Residency::PerSlot
                && cells.any(|cell| lanes.track(*grid, cell).iter().any(writes));
            Self::of(resource, written)
        };
        input.resources.iter().zip(&lanes.grids).map(bounds).collect()
    }
}

/// What writes a version, or ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Item `n` of the track; beyond its length, item `n - length` one round later.
    Item(usize),
    /// What touched the resource before the frame.
    Entry,
    /// What touches the resource after the frame.
    Exit,
}

/// One version of a cell: what wrote it, who reads it, and what ends it.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub writer: Option<Edge>,
    /// Items of the track, as in `Edge::Item`.
    pub readers: Range<usize>,
    pub next: Option<Edge>,
}

/// All accesses of one cell in the order of their times.
#[derive(Clone, Copy)]
pub(super) struct Track<'a> {
    pub input: &'a Input,
    pub items: &'a [Item],
    /// Of all accesses.
    pub effects: &'a [Effect],
    pub grid: Grid,
    pub bounds: Bounds,
}

impl<'a> Track<'a> {
    /// The item at a position, and how many rounds later than the first one it stands.
    #[inline]
    pub fn item(&self, at: usize) -> (Item, u32) {
        match at.checked_sub(self.items.len()) {
            None => (self.items[at], 0),
            Some(wrapped) => (self.items[wrapped], 1),
        }
    }

    /// Whether the item at a position writes.
    #[inline]
    fn writes(&self, at: usize) -> bool {
        self.effects[self.item(at).0.access as usize].writes()
    }

    /// The versions, in the order of their times.
    pub fn versions(self) -> impl Iterator<Item = Version> + 'a {
        let count = self.items.len();
        // A cyclic track starts at its first writer and ends with that writer again, one round later.
        let first = if self.bounds.cyclic { (0..count).find(|&at| self.writes(at)) } else { None };
        let mut writer = first.map(Edge::Item).or(self.bounds.entry.map(|_| Edge::Entry));
        let mut at = first.map_or(0, |first| first + 1);
        let end = first.map_or(count, |first| first + count);
        let last = first.map(|_| Edge::Item(end)).or(self.bounds.exit.map(|_| Edge::Exit));
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let start = at;
            while at < end && !self.writes(at) {
                at += 1;
            }
            done = at == end;
            let next = if done { last } else { Some(Edge::Item(at)) };
            let version = Version { writer, readers: start..at, next };
            writer = next;
            at += 1;
            Some(version)
        })
    }
}
