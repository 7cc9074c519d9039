//! What a node needs to be provisioned with, as constants that add up.

/// What one instance of a node needs. [`Requirements::plus`] adds two; compile provisions exactly the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Descriptors of one descriptor set, by type.
    pub descriptors: DescriptorCounts,
    /// Descriptor sets of one variant (frame slot × history phase × switch state).
    pub sets: u32,
    /// Event queues: capacities of what the node emits and receives.
    pub events: EventCounts,
    /// Bytes of staging memory a frame.
    pub staging_bytes: u64,
    /// Deepest history, in frames.
    pub history_depth: u32,
    /// Transient memory that it is the first to write and that does not depend on the output's size, in bytes.
    pub transient_bytes: u64,
    /// Transient memory that it is the first to write, in bytes per pixel of the largest output.
    pub transient_bytes_per_pixel: u64,
    /// Command buffers of one variant that cannot be shared with other nodes: 1 for a dynamic node.
    pub command_buffers: u32,
    /// Timestamp queries a frame when GPU times are on.
    pub queries: u32,
}

/// Descriptors by type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DescriptorCounts {
    /// Uniform buffers.
    pub uniform_buffers: u32,
    /// Storage buffers.
    pub storage_buffers: u32,
    /// Sampled images without a sampler.
    pub sampled_images: u32,
    /// Storage images.
    pub storage_images: u32,
    /// Images with their sampler.
    pub combined_image_samplers: u32,
    /// Samplers.
    pub samplers: u32,
    /// Acceleration structures.
    pub acceleration_structures: u32,
}

/// Events that a node declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Sum of the capacities of what the node emits.
    pub emitted: u32,
    /// Sum of the capacities of what the node receives.
    pub received: u32,
    /// Bytes of all those queues.
    pub bytes: u64,
}

impl DescriptorCounts {
    const fn plus_times(self, other: Self, times: u32) -> Self {
        Self {
            uniform_buffers: add(self.uniform_buffers, other.uniform_buffers, times),
            storage_buffers: add(self.storage_buffers, other.storage_buffers, times),
            sampled_images: add(self.sampled_images, other.sampled_images, times),
            storage_images: add(self.storage_images, other.storage_images, times),
            combined_image_samplers: add(self.combined_image_samplers, other.combined_image_samplers, times),
            samplers: add(self.samplers, other.samplers, times),
            acceleration_structures: add(self.acceleration_structures, other.acceleration_structures, times),
        }
    }

    /// The number of descriptors of all types.
    pub const fn total(self) -> u32 {
        self.uniform_buffers
            .saturating_add(self.storage_buffers)
            .saturating_add(self.sampled_images)
            .saturating_add(self.storage_images)
            .saturating_add(self.combined_image_samplers)
            .saturating_add(self.samplers)
            .saturating_add(self.acceleration_structures)
    }
}

impl Requirements {
    /// Nothing.
    pub const NONE: Self = Self {
        descriptors: DescriptorCounts {
            uniform_buffers: 0,
            storage_buffers: 0,
            sampled_images: 0,
            storage_images: 0,
            combined_image_samplers: 0,
            samplers: 0,
            acceleration_structures: 0,
        },
        sets: 0,
        events: EventCounts { emitted: 0, received: 0, bytes: 0 },
        staging_bytes: 0,
        history_depth: 0,
        transient_bytes: 0,
        transient_bytes_per_pixel: 0,
        command_buffers: 0,
        queries: 0,
    };

    /// The sum of two; of history depths the larger, since rings belong to resources.
    pub const fn plus(self, other: Self) -> Self {
        self.plus_times(other, 1)
    }

    /// What `times` of the same need together.
    pub const fn times(self, times: u32) -> Self {
        Self::NONE.plus_times(self, times)
    }

    /// What this one and `times` of the other need together. A sum that overflows stays at the largest value, which is more than any budget.
    pub(super) const fn plus_times(self, other: Self, times: u32) -> Self {
        let deeper = times > 0 && other.history_depth > self.history_depth;
        Self {
            descriptors: self.descriptors.plus_times(other.descriptors, times),
            sets: add(self.sets, other.sets, times),
            events: EventCounts {
                emitted: add(self.events.emitted, other.events.emitted, times),
                received: add(self.events.received, other.events.received, times),
                bytes: add_bytes(self.events.bytes, other.events.bytes, times),
            },
            staging_bytes: add_bytes(self.staging_bytes, other.staging_bytes, times),
            history_depth: if deeper { other.history_depth } else { self.history_depth },
            transient_bytes: add_bytes(self.transient_bytes, other.transient_bytes, times),
            transient_bytes_per_pixel: add_bytes(
                self.transient_bytes_per_pixel,
                other.transient_bytes_per_pixel,
                times,
            ),
            command_buffers: add(self.command_buffers, other.command_buffers, times),
            queries: add(self.queries, other.queries, times),
        }
    }
}

const fn add(one: u32, other: u32, times: u32) -> u32 {
    one.saturating_add(other.saturating_mul(times))
}

const fn add_bytes(one: u64, other: u64, times: u32) -> u64 {
    one.saturating_add(other.saturating_mul(times as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_to_count_is_the_most() {
        let much =
            Requirements { staging_bytes: u64::MAX - 1, queries: 1 << 31, history_depth: 3, ..Requirements::NONE };
        let twice = much.plus(much);
        assert_eq!((twice.staging_bytes, twice.queries, twice.history_depth), (u64::MAX, u32::MAX, 3));
        assert_eq!(much.times(2), twice);
        assert_eq!(much.times(0), Requirements::NONE);
    }
}
