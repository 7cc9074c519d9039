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

/// Nothing to wait for and no contents to keep, but a layout to come from.
pub(super) const NOTHING: Use =
    Use { stages: vk::PipelineStageFlags2::NONE, access: vk::AccessFlags2::NONE, layout: vk::ImageLayout::UNDEFINED };

/// What the first access to a resource with an entry waits for.
pub(super) fn entry(resource: &ResourceItem) -> &Use {
    let implied = match resource.residency {
        Residency::Transient | Residency::Persistent => resource.exit.as_ref(),
        _ => None,
    };
    resource.entry.as_ref().or(implied).unwrap_or(&NOTHING)
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
    /// The position of the first item that writes, if what it overwrites is left by another frame: the life of the contents
    /// starts there, and comes back to it one round later.
    #[inline]
    pub fn origin(&self) -> Option<usize> {
        if self.bounds.cyclic { self.items.iter().position(|item| item.effect.writes()) } else { None }
    }

    /// All items in the order of their times: those from `start` on, in this round, then those before it, in the next; with
    /// 0 for this round and `ages` for the next.
    #[inline]
    pub fn from(&self, start: usize, ages: u32) -> impl Iterator<Item = (&'a Item, u32)> + use<'a> {
        let items = self.items;
        (start..start + items.len()).map(move |at| {
            let wraps = at >= items.len();
            (&items[if wraps { at - items.len() } else { at }], if wraps { ages } else { 0 })
        })
    }
}
