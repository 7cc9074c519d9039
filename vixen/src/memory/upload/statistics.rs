//! What an uploader has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an [`Uploader`](super::Uploader) has done so far. While other threads upload, the numbers may belong to
        /// different moments.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct UploadStatistics {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same, being counted.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub $name: Counter,)*
        }

        impl Counters {
            pub fn read(&self) -> UploadStatistics {
                let mut counts = UploadStatistics { $($name: self.$name.0.load(Relaxed),)* };
                // Direct ones take no lock, under which the others are counted.
                counts.uploads += counts.direct;
                counts.bytes += counts.direct_bytes;
                counts
            }
        }
    };
}

statistics! {
    /// Uploads that were taken.
    uploads,
    /// Their bytes.
    bytes,
    /// Uploads that were written straight into mapped memory, without staging.
    direct,
    /// Their bytes.
    direct_bytes,
    /// Regions that were copied, of buffers and images.
    regions,
    /// Writes to buffers that needed no region of their own, because a neighbour's holds them or a later write covers them.
    merged,
    /// Pieces that a compute shader put in their places.
    scattered,
    /// Batches that went to the device: with a frame's own submission or by themselves.
    batches,
    /// Calls of `vkQueueSubmit2` for uploads alone.
    submissions,
    /// Batches of which a part ran on the transfer queue.
    transferred,
    /// How often a thread had to wait: for room in the queue or in staging, or for a batch of long ago.
    stalls,
}

/// One number. Relaxed, since it stands for itself.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// As [`Self::add`], and cheaper, for whoever is the only one that adds: the holder of a lock.
    pub fn add_alone(&self, count: u64) {
        self.0.store(self.0.load(Relaxed) + count, Relaxed);
    }

    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }
}
