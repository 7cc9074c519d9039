//! Why memory could not be had: always with the name of the resource, so that the reader knows who asked.

use ash::vk;

use super::desc::Location;

/// Why memory could not be had or reached.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The budget has no room for it.
    #[error(
        "'{name}' needs {requested} bytes for {usage}, but {in_use} of the budget of {limit} are in use: free something, make \
         it smaller or raise the limit"
    )]
    OverBudget {
        /// The resource.
        name: String,
        /// Its bytes.
        requested: u64,
        /// Its usage flags.
        usage: String,
        /// The bytes in use.
        in_use: u64,
        /// The most bytes that may be in use.
        limit: u64,
    },
    /// The heap that it would lie in has no room for it.
    #[error(
        "'{name}' needs {requested} bytes for {usage}, but {in_use} of the {limit} that the budget allows of heap {heap}, {}, \
         are in use: free something that lies there, make it smaller or raise the heap's limit",
        if *device_local { "the device's own memory" } else { "memory of the host" }
    )]
    HeapFull {
        /// The resource.
        name: String,
        /// Its bytes.
        requested: u64,
        /// Its usage flags.
        usage: String,
        /// The heap, by its number.
        heap: u32,
        /// Whether it is the device's own memory, and not the host's.
        device_local: bool,
        /// The bytes in use of it.
        in_use: u64,
        /// The most bytes of it that may be in use.
        limit: u64,
    },
    /// The staging quota has no room for it, and nobody wants to wait, or no wait could help.
    #[error(
        "'{name}' needs {requested} bytes of staging, but {reserved} of the quota of {quota} are reserved: wait, upload in \
         smaller pieces or raise the quota"
    )]
    StagingQuota {
        /// What was to be uploaded to, or the staging itself.
        name: String,
        /// The bytes asked for.
        requested: u64,
        /// The bytes reserved at the moment.
        reserved: u64,
        /// The most bytes that may be reserved at a time.
        quota: u64,
    },
    /// The device has no more memory.
    #[error("the device is out of memory: '{name}' needs {size} bytes for {usage}")]
    OutOfDeviceMemory {
        /// The resource.
        name: String,
        /// Its bytes.
        size: u64,
        /// Its usage flags.
        usage: String,
    },
    /// The host has no more memory.
    #[error("the host is out of memory: '{name}' needs {size} bytes for {usage}")]
    OutOfHostMemory {
        /// The resource.
        name: String,
        /// Its bytes.
        size: u64,
        /// Its usage flags.
        usage: String,
    },
    /// The host's address space has no room for it, or the memory cannot be mapped.
    #[error("'{name}' could not be mapped: {size} bytes for {usage} ({result})")]
    MappingFailed {
        /// The resource.
        name: String,
        /// Its bytes.
        size: u64,
        /// Its usage flags.
        usage: String,
        /// What the driver said.
        result: vk::Result,
    },
    /// What was to be created makes no sense.
    #[error("'{name}' {problem}")]
    Invalid {
        /// The resource.
        name: String,
        /// Its bytes; 0 for images, whose bytes nobody knows yet.
        size: u64,
        /// Its usage flags.
        usage: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What was asked of a resource makes no sense.
    #[error("'{name}' {problem}")]
    InvalidUse {
        /// The resource.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// It lies in the memory of another device.
    #[error("'{name}' does not belong to {device}: use it with the device that it was created on")]
    OtherDevice {
        /// The resource.
        name: String,
        /// The device that was to use it.
        device: String,
    },
    /// The host cannot reach it.
    #[error("'{name}' is not visible to the host: create it with the location Upload or Readback, not {location:?}")]
    NotMapped {
        /// The resource.
        name: String,
        /// Where it is.
        location: Location,
    },
    /// A range goes beyond the resource.
    #[error("'{name}' has {size} bytes: {len} bytes at offset {offset} go beyond its end")]
    OutOfRange {
        /// The resource.
        name: String,
        /// Where the range starts.
        offset: u64,
        /// How long it is.
        len: u64,
        /// How long the resource is.
        size: u64,
    },
    /// The driver refused a call for a reason that has no variant of its own.
    #[error("{call} failed for '{name}': {result}")]
    Vulkan {
        /// The resource.
        name: String,
        /// The Vulkan call.
        call: &'static str,
        /// Its result.
        result: vk::Result,
    },
}

crate::debug_as_display!(MemoryError);

impl MemoryError {
    /// Whether the budget has no room, as a whole or for a heap: freeing something else may help.
    pub fn is_over_budget(&self) -> bool {
        matches!(self, Self::OverBudget { .. } | Self::HeapFull { .. })
    }

    /// Whether it might do in another heap.
    pub(super) fn is_of_one_heap(&self) -> bool {
        matches!(self, Self::HeapFull { .. } | Self::OutOfDeviceMemory { .. })
    }

    /// What a failed call means for a resource of this name, size and usage.
    pub(super) fn from_result(
        result: vk::Result,
        call: &'static str,
        name: &str,
        size: u64,
        usage: impl std::fmt::Debug,
    ) -> Self {
        let (name, usage) = (name.to_owned(), format!("{usage:?}"));
        match result {
            vk::Result::ERROR_OUT_OF_DEVICE_MEMORY => Self::OutOfDeviceMemory { name, size, usage },
            vk::Result::ERROR_OUT_OF_HOST_MEMORY => Self::OutOfHostMemory { name, size, usage },
            vk::Result::ERROR_MEMORY_MAP_FAILED => Self::MappingFailed { name, size, usage, result },
            result => Self::Vulkan { name, call, result },
        }
    }

    /// Of a resource that was to be created.
    pub(super) fn invalid_parameters(
        name: &str,
        size: u64,
        usage: impl std::fmt::Debug,
        problem: impl Into<String>,
    ) -> Self {
        Self::Invalid { name: name.to_owned(), size, usage: format!("{usage:?}"), problem: problem.into() }
    }

    /// Of a resource that exists.
    pub(super) fn invalid(name: &str, problem: impl Into<String>) -> Self {
        Self::InvalidUse { name: name.to_owned(), problem: problem.into() }
    }
}
