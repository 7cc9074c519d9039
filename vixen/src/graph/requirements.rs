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
    /// Transient memory of its own that does not depend on the output's size, in bytes.
    pub transient_bytes: u64,
    /// Transient memory of its own, in bytes per output pixel.
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
    /// The sum of two.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            uniform_buffers: self.uniform_buffers + other.uniform_buffers,
            storage_buffers: self.storage_buffers + other.storage_buffers,
            sampled_images: self.sampled_images + other.sampled_images,
            storage_images: self.storage_images + other.storage_images,
            combined_image_samplers: self.combined_image_samplers + other.combined_image_samplers,
            samplers: self.samplers + other.samplers,
            acceleration_structures: self.acceleration_structures + other.acceleration_structures,
        }
    }

    /// The number of descriptors of all types.
    pub const fn total(self) -> u32 {
        self.uniform_buffers
            + self.storage_buffers
            + self.sampled_images
            + self.storage_images
            + self.combined_image_samplers
            + self.samplers
            + self.acceleration_structures
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
        Self {
            descriptors: self.descriptors.plus(other.descriptors),
            sets: self.sets + other.sets,
            events: EventCounts {
                emitted: self.events.emitted + other.events.emitted,
                received: self.events.received + other.events.received,
                bytes: self.events.bytes + other.events.bytes,
            },
            staging_bytes: self.staging_bytes + other.staging_bytes,
            history_depth: if self.history_depth > other.history_depth {
                self.history_depth
            } else {
                other.history_depth
            },
            transient_bytes: self.transient_bytes + other.transient_bytes,
            transient_bytes_per_pixel: self.transient_bytes_per_pixel + other.transient_bytes_per_pixel,
            command_buffers: self.command_buffers + other.command_buffers,
            queries: self.queries + other.queries,
        }
    }
}
