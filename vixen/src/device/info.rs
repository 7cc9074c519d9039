//! What a device is called and what kind of thing it is.

use std::ffi::{CStr, c_char};
use std::fmt;

use ash::vk;

/// A Vulkan version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The version that Vixen is written for, and the least that it accepts.
    pub const REQUIRED: Self = Self(vk::API_VERSION_1_3);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(raw) = *self;
        write!(f, "{}.{}.{}", vk::api_version_major(raw), vk::api_version_minor(raw), vk::api_version_patch(raw))
    }
}

/// What kind of hardware a device is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the host's memory.
    Integrated,
    /// A GPU passed to a virtual machine.
    Virtual,
    /// A software driver.
    Cpu,
    /// Anything else.
    Other,
}

impl From<vk::PhysicalDeviceType> for DeviceKind {
    fn from(kind: vk::PhysicalDeviceType) -> Self {
        match kind {
            vk::PhysicalDeviceType::DISCRETE_GPU => Self::Discrete,
            vk::PhysicalDeviceType::INTEGRATED_GPU => Self::Integrated,
            vk::PhysicalDeviceType::VIRTUAL_GPU => Self::Virtual,
            vk::PhysicalDeviceType::CPU => Self::Cpu,
            _ => Self::Other,
        }
    }
}

/// One device of the machine.
#[derive(Clone, Debug)]
pub struct DeviceInfo {
    /// Its place in the loader's list: what [`Select::Index`](super::Select::Index) takes.
    pub index: usize,
    /// Its name, as the driver gives it.
    pub name: String,
    /// What kind of hardware it is.
    pub kind: DeviceKind,
    /// The driver's name and version, in the driver's own words.
    pub driver: String,
    /// The newest Vulkan version that it serves.
    pub api_version: Version,
}

impl DeviceInfo {
    pub(super) fn read(instance: &ash::Instance, physical: vk::PhysicalDevice, index: usize) -> Self {
        let mut driver = vk::PhysicalDeviceDriverProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut driver);
        // SAFETY: `physical` comes from `instance`, whose version is at least 1.1, and the chain holds one structure that
        // may extend it; an implementation that does not know the structure leaves it as it is.
        unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
        let properties = properties.properties;
        let name = text(&properties.device_name);
        let driver = format!("{} {}", text(&driver.driver_name), text(&driver.driver_info));
        Self {
            index,
            name,
            kind: properties.device_type.into(),
            driver: driver.trim().to_owned(),
            api_version: Version(properties.api_version),
        }
    }
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.index, self.name)
    }
}

/// A fixed-size string of a Vulkan structure.
fn text(raw: &[c_char]) -> String {
    let bytes: Vec<u8> = raw.iter().map(|&c| c as u8).collect();
    CStr::from_bytes_until_nul(&bytes).map_or_else(|_| String::new(), |text| text.to_string_lossy().into_owned())
}
