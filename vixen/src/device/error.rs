//! What can go wrong with a device, worded so that the reader knows what to do.

use ash::vk;

use super::feature::Feature;
use super::info::Version;
use crate::memory::MemoryError;

/// Why a device could not be made, or what failed on it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no Vulkan loader, or it knows no device.
    #[error(
        "no Vulkan driver was found ({detail}): install the driver of your GPU, or a software driver such as the package \
         mesa-vulkan-drivers, together with the loader libvulkan1"
    )]
    NoDriver {
        /// What the loader said.
        detail: String,
    },
    /// No device matches the selection.
    #[error("no device matches {wanted}: choose one of {}", found.join(", "))]
    NoSuchDevice {
        /// The selection.
        wanted: String,
        /// Every device that there is, as `index: name`.
        found: Vec<String>,
    },
    /// The device lacks a feature.
    #[error("the device '{device}' lacks the feature {feature}: choose another device or a newer driver")]
    MissingFeature {
        /// The device's name.
        device: String,
        /// The feature, named as in the Vulkan specification.
        feature: Feature,
    },
    /// The device, or the loader, lacks an extension.
    #[error("'{device}' lacks the extension {extension}: choose another device or a newer driver")]
    MissingExtension {
        /// The device's name, or `the Vulkan loader`.
        device: String,
        /// The extension.
        extension: String,
    },
    /// Validation was asked for and its layer is not installed.
    #[error(
        "validation was asked for, but the layer {layer} is not installed: install it (package vulkan-validationlayers) \
         or turn validation off"
    )]
    MissingLayer {
        /// The layer.
        layer: &'static str,
    },
    /// The device's Vulkan is too old.
    #[error(
        "the device '{device}' has Vulkan {found}, but {required} is needed: choose another device or a newer driver"
    )]
    VersionTooOld {
        /// The device's name.
        device: String,
        /// What Vixen needs.
        required: Version,
        /// What the device has.
        found: Version,
    },
    /// No queue family of the device serves both graphics and compute.
    #[error("the device '{device}' has no queue that serves graphics and compute: choose another device")]
    NoMainQueue {
        /// The device's name.
        device: String,
    },
    /// The device cannot show anything in that window.
    #[error("the device '{device}' cannot present to this window: choose the device that drives the display")]
    CannotPresent {
        /// The device's name.
        device: String,
    },
    /// The device was made without what a window needs.
    #[error(
        "the device '{device}' was made without a display: give the display to DeviceOptions::display before making it"
    )]
    NoDisplay {
        /// The device's name.
        device: String,
    },
    /// The window has no handle at present.
    #[error("the window has no handle ({0}): make the surface while the window exists")]
    NoWindow(raw_window_handle::HandleError),
    /// Memory could not be had.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The GPU stopped working: everything on the device is gone, and nothing brings it back.
    #[error(
        "the device was lost in {call}: drop what was made on it, make another device and compile the graph for that one"
    )]
    Lost {
        /// The Vulkan call that found out.
        call: &'static str,
    },
    /// The driver refused a call for a reason that has no variant of its own.
    #[error("{call} failed: {result}")]
    Vulkan {
        /// The Vulkan call.
        call: &'static str,
        /// Its result.
        result: vk::Result,
    },
}

crate::debug_as_display!(DeviceError);

impl DeviceError {
    /// For `map_err`: names the call that failed.
    pub fn vulkan(call: &'static str) -> impl FnOnce(vk::Result) -> Self {
        move |result| match result {
            vk::Result::ERROR_DEVICE_LOST => Self::Lost { call },
            result => Self::Vulkan { call, result },
        }
    }

    /// Whether the device is lost.
    pub fn is_device_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}
