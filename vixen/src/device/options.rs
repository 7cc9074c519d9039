//! What to ask of a device.

use std::sync::Arc;

use ash::vk;
use raw_window_handle::RawDisplayHandle;

use super::feature::Feature;
use crate::memory::{Allocator, AllocatorChoice, AllocatorKind};

/// Which device to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// The best one that serves; the environment variable `VIXEN_DEVICE` (an index or a part of a name) takes precedence.
    #[default]
    Default,
    /// The one of this index in [`Device::list`](super::Device::list).
    Index(usize),
    /// The first whose name contains this, upper or lower case.
    Name(String),
}

/// What to ask of [`Device::new`](super::Device::new). By default the best device, with validation if the environment
/// variable `VIXEN_VALIDATION` is set, and nothing to present to.
#[derive(Clone, Debug)]
pub struct DeviceOptions {
    pub(super) application_name: String,
    pub(super) select: Select,
    pub(super) validation: bool,
    pub(super) display: Option<RawDisplayHandle>,
    pub(super) required: Vec<Feature>,
    pub(super) unwanted: Vec<Feature>,
    pub(super) callbacks: Option<vk::AllocationCallbacks<'static>>,
    pub(super) allocator: AllocatorChoice,
    /// Count what is created, and what the driver allocates.
    #[cfg(feature = "testing")]
    pub(super) watched: bool,
}

impl Default for DeviceOptions {
    fn default() -> Self {
        Self {
            application_name: "vixen".to_owned(),
            select: Select::Default,
            validation: std::env::var_os("VIXEN_VALIDATION").is_some_and(|value| !value.is_empty() && value != "0"),
            display: None,
            required: Vec::new(),
            unwanted: Vec::new(),
            callbacks: None,
            allocator: AllocatorChoice::default(),
            #[cfg(feature = "testing")]
            watched: false,
        }
    }
}

impl DeviceOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// What drivers and tools see as the application's name.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Which device to take.
    #[must_use]
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Whether the Khronos validation layer checks every call, synchronisation too.
    #[must_use]
    pub fn validation(mut self, on: bool) -> Self {
        self.validation = on;
        self
    }

    /// The display to whose windows the device is to present. Only its kind matters.
    #[must_use]
    pub fn display(mut self, display: RawDisplayHandle) -> Self {
        self.display = Some(display);
        self
    }

    /// A feature without which the device is of no use. Every feature that Vixen knows is enabled anyway where it is found.
    #[must_use]
    pub fn require(mut self, feature: Feature) -> Self {
        self.required.push(feature);
        self
    }

    /// A feature to leave off, as on a device that lacks it: to try what a program does there.
    #[must_use]
    pub fn without(mut self, feature: Feature) -> Self {
        self.unwanted.push(feature);
        self
    }

    /// Which allocator the device's budget asks.
    #[must_use]
    pub fn allocator(mut self, kind: AllocatorKind) -> Self {
        self.allocator.kind = kind;
        self
    }

    /// Puts something between the device's budget and its allocator: a log of every call, or failures on demand.
    #[must_use]
    pub fn wrap_allocator(
        mut self,
        wrap: impl Fn(Box<dyn Allocator>) -> Box<dyn Allocator> + Send + Sync + 'static,
    ) -> Self {
        self.allocator.wrap = Some(Arc::new(wrap));
        self
    }

    /// Lets [`testing::frames`](fn@crate::testing::frames) count what the driver allocates and what is created: gives every call
    /// callbacks that count, in the place of any other, and puts counting functions into the device's table.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self.callbacks = Some(crate::testing::frames::callbacks());
        self
    }

    /// Host memory callbacks, passed to every create and destroy call.
    ///
    /// # Safety
    /// The functions and what they point to must hold to the Vulkan specification's rules for allocation callbacks, from any
    /// thread, until the device and everything made from it are gone.
    #[must_use]
    pub unsafe fn callbacks(mut self, callbacks: vk::AllocationCallbacks<'static>) -> Self {
        self.callbacks = Some(callbacks);
        self
    }
}
