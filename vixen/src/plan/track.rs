//! The life of one cell of a resource as a sequence of versions, around the frame boundary where its contents go on.

use ash::vk;

use super::lanes::{Item, Lanes};
use super::{Input, Residency, ResourceItem, Use};

/// How a resource meets the world before and after the frame.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// The first access must wait in the same frame for what [`entry`] says.
    pub entry: bool,
    /// What [`ResourceItem::exit`] says waits for the last access in the same frame.
    pub exit: bool,
    /// Its next touch after the last one is the first one of a later frame.
    pub cyclic: bool,
}

impl Bounds {
    /// The bounds of a resource, by the rules that `Residency` states; `written` only matters for one with a copy per slot.
    pub fn of(resource: &ResourceItem, written: impl FnOnce() -> bool) -> Self {
        let (entry, exit) = (resource.entry.is_some(), resource.exit.is_some());
        match resource.residency {
            Residency::History { .. } => Self { entry: false, exit: false, cyclic: true },
            Residency::Swapchain => Self { entry: true, exit, cyclic: false },
            Residency::PerSlot => Self { entry: entry || resource.image && written(), exit, cyclic: false },
            Residency::Transient | Residency::Persistent => {
                Self { entry: entry || exit, exit, cyclic: !entry && !exit }
            }
        }
    }

    /// The bounds of all resources, as the living nodes in `lanes` touch them.
    pub fn all(input: &Input, lanes: &Lanes) -> Vec<Self> {
        let bounds =
            |(resource, grid)| Self::of(resource, || lanes.items_of(grid).iter().any(|item| item.effect.writes()));
        input.resources.iter().zip(&lanes.grids).map(bounds).collect()
    }
}

/// What the first access to a resource with an entry waits for.
pub(super) fn entry(resource: &ResourceItem) -> &Use {
    /// Nothing to wait for and no contents to keep, but a layout to come from.
    const NOTHING: &Use = &Use {
        stages: vk::PipelineStageFlags2::NONE,
        access: vk::AccessFlags2::NONE,
        layout: vk::ImageLayout::UNDEFINED,
    };
    let implied = match resource.residency {
        Residency::Transient | Residency::Persistent => resource.exit.as_ref(),
        _ => None,
    };
    resource.entry.as_ref().or(implied).unwrap_or(NOTHING)
}

/// Whether a resource with an entry is found as the frame before left it, so that nobody has brought it into that state before
/// the first frame.
pub(super) fn is_left_by_frame_before(resource: &ResourceItem) -> bool {
    resource.entry.is_none() && matches!(resource.residency, Residency::Transient | Residency::Persistent)
}

/// All accesses of one cell in the order of their times.
#[derive(Clone, Copy)]
pub(super) struct Track<'a> {
    pub items: &'a [Item],
    pub bounds: Bounds,
}

impl<'a> Track<'a> {
    /// The items in the order of their times, those of this round and those of the next one; and the item before them all,
    /// the origin: the first that writes, if what it overwrites is left by another frame. The life of the contents starts
    /// there, and comes back to it one round later, so it is the last item of the second list.
    #[inline]
    pub fn rounds(&self) -> (Option<&'a Item>, [&'a [Item]; 2]) {
        let writes = |item: &Item| item.effect.writes();
        let origin = if self.bounds.cyclic { self.items.iter().position(writes) } else { None };
        let (next_round, this_round) = self.items.split_at(origin.map_or(0, |origin| origin + 1));
        (next_round.last(), [this_round, next_round])
    }
}
