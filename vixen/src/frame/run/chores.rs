//! What a frame has to look after besides submitting.

use crate::frame::compiled::CompiledGraph;

/// What there may be to do, side by side in memory: after a long submission the caches are cold, and looking in each place by
/// itself would cost an unchanged frame more than everything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chores {
    /// Something may have another size or handle: an output, what others may replace, what a recompile left undone.
    pub follow: bool,
    /// Retired things wait for their frames.
    pub retired: bool,
    /// Nodes are timed.
    pub times: bool,
    /// Somebody declared events or listens.
    pub events: bool,
    /// There are host nodes.
    pub hosts: bool,
    /// There are segments to record.
    pub dynamic: bool,
    /// There are segments of which not every frame of a slot submits the same recording.
    pub varying: bool,
    /// An uploader is attached.
    pub uploads: bool,
    /// There are windows to present to.
    pub windows: bool,
    /// The application gave semaphores for the next frame.
    pub semaphores: bool,
}

impl Chores {
    /// Whether there may be anything to do.
    // No short cuts: all of it is in one cache line.
    #[inline]
    pub fn any(self) -> bool {
        let Self { follow, retired, times, events, hosts, dynamic, varying, uploads, windows, semaphores } = self;
        follow | retired | times | events | hosts | dynamic | varying | uploads | windows | semaphores
    }
}

impl CompiledGraph {
    /// All that there may be to do, as of now. Whoever gives a graph something more to do says so in `chores`.
    pub(in crate::frame) fn find_chores(&self) -> Chores {
        Chores {
            follow: true,
            retired: true,
            times: self.timing.is_some(),
            events: !self.events.bus.is_silent(),
            hosts: !self.hosts.is_empty(),
            dynamic: self.segments.any_dynamic(),
            varying: !self.segments.varying().is_empty(),
            uploads: self.uploader.is_some(),
            windows: self.outputs.items.iter().any(|output| output.swapchain.is_some()),
            semaphores: false,
        }
    }
}
