//! Which of the machine's devices to take, and whether it serves.

use std::ffi::CStr;

use ash::{ext, khr, vk};

use super::capabilities::{QueueFamily, queue_families};
use super::error::DeviceError;
use super::feature::{Feature, FeatureSet, FeatureStructs};
use super::info::{DeviceInfo, Version};
use super::instance::{Instance, no_driver};
use super::options::{DeviceOptions, Select};

/// A device that serves, with what to enable on it.
pub(super) struct Chosen {
    pub(super) physical: vk::PhysicalDevice,
    pub(super) info: DeviceInfo,
    pub(super) extensions: Vec<&'static CStr>,
    pub(super) found: FeatureSet,
    pub(super) main_family: u32,
    pub(super) transfer_family: Option<u32>,
}

/// The devices of an instance, in the loader's order.
pub(super) fn list(instance: &Instance) -> Result<Vec<(vk::PhysicalDevice, DeviceInfo)>, DeviceError> {
    // SAFETY: the instance is alive.
    let found = unsafe { instance.raw.enumerate_physical_devices() }.map_err(|result| match result {
        vk::Result::ERROR_INITIALIZATION_FAILED => no_driver("none of the installed drivers starts"),
        result => DeviceError::Vulkan { call: "vkEnumeratePhysicalDevices", result },
    })?;
    if found.is_empty() {
        return Err(no_driver("the loader knows no device"));
    }
    Ok(found
        .into_iter()
        .enumerate()
        .map(|(index, physical)| (physical, DeviceInfo::read(&instance.raw, physical, index)))
        .collect())
}

/// The first device of the selection that serves, or why the first of them does not.
pub(super) fn choose(instance: &Instance, options: &DeviceOptions) -> Result<Chosen, DeviceError> {
    let devices = list(instance)?;
    let infos: Vec<_> = devices.iter().map(|(_, info)| info.clone()).collect();
    let wish = std::env::var("VIXEN_DEVICE").ok();
    let mut refusal = None;
    for index in candidates(&infos, &options.select, wish.as_deref())? {
        let (physical, info) = devices[index].clone();
        match examine(instance, physical, info, options) {
            Ok(chosen) => return Ok(chosen),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| no_driver("the loader knows no device")))
}

/// The indices to try, best first: one, unless the choice is left to us.
fn candidates(devices: &[DeviceInfo], select: &Select, wish: Option<&str>) -> Result<Vec<usize>, DeviceError> {
    let wished = match (select, wish.map(str::trim).filter(|wish| !wish.is_empty())) {
        (Select::Default, Some(wish)) => match wish.parse() {
            Ok(index) => Select::Index(index),
            Err(_) => Select::Name(wish.to_owned()),
        },
        (select, _) => select.clone(),
    };
    let (found, wanted) = match wished {
        Select::Default => {
            let mut order: Vec<_> = (0..devices.len()).collect();
            order.sort_by_key(|&index| devices[index].kind);
            return Ok(order);
        }
        Select::Index(index) => ((index < devices.len()).then_some(index), format!("index {index}")),
        Select::Name(name) => {
            let lower = name.to_lowercase();
            let found = devices.iter().position(|device| device.name.to_lowercase().contains(&lower));
            (found, format!("the name '{name}'"))
        }
    };
    match found {
        Some(index) => Ok(vec![index]),
        None => Err(DeviceError::NoSuchDevice { wanted, found: devices.iter().map(DeviceInfo::to_string).collect() }),
    }
}

/// Whether a device serves, and what to enable on it.
fn examine(
    instance: &Instance,
    physical: vk::PhysicalDevice,
    info: DeviceInfo,
    options: &DeviceOptions,
) -> Result<Chosen, DeviceError> {
    let device = || info.name.clone();
    if info.api_version < Version::REQUIRED {
        return Err(DeviceError::VersionTooOld {
            device: device(),
            required: Version::REQUIRED,
            found: info.api_version,
        });
    }
    let extensions = extensions(instance, physical)?;
    if options.display.is_some() && !extensions.contains(&khr::swapchain::NAME) {
        let extension = khr::swapchain::NAME.to_string_lossy().into_owned();
        return Err(DeviceError::MissingExtension { device: device(), extension });
    }
    let found = FeatureStructs::found(&instance.raw, physical, |name| extensions.contains(&name));
    let found = options.unwanted.iter().fold(found, |found, &feature| found.without(feature));
    for &feature in Feature::CORE.iter().chain(&options.required) {
        if !found.has(feature) {
            return Err(DeviceError::MissingFeature { device: device(), feature });
        }
    }
    let families = queue_families(&instance.raw, physical);
    let main_family = families
        .iter()
        .position(|family| family.flags.contains(vk::QueueFlags::GRAPHICS | vk::QueueFlags::COMPUTE))
        .ok_or_else(|| DeviceError::NoMainQueue { device: device() })? as u32;
    let transfer_family = families.iter().position(QueueFamily::is_for_transfers).map(|family| family as u32);
    Ok(Chosen { physical, info, extensions, found, main_family, transfer_family })
}

/// The device extensions that are enabled wherever they are found.
fn extensions(instance: &Instance, physical: vk::PhysicalDevice) -> Result<Vec<&'static CStr>, DeviceError> {
    // SAFETY: `physical` comes from this instance.
    let found = unsafe { instance.raw.enumerate_device_extension_properties(physical) }
        .map_err(DeviceError::vulkan("vkEnumerateDeviceExtensionProperties"))?;
    let has = |name: &CStr| found.iter().any(|extension| extension.extension_name_as_c_str() == Ok(name));

    let mut enabled = Vec::new();
    if instance.has(khr::surface::NAME) && has(khr::swapchain::NAME) {
        enabled.push(khr::swapchain::NAME);
    }
    if has(ext::memory_budget::NAME) {
        enabled.push(ext::memory_budget::NAME);
    }
    if has(khr::deferred_host_operations::NAME) && has(khr::acceleration_structure::NAME) {
        enabled.extend([khr::deferred_host_operations::NAME, khr::acceleration_structure::NAME]);
        enabled.extend([khr::ray_tracing_pipeline::NAME, khr::ray_query::NAME].into_iter().filter(|name| has(name)));
    }
    Ok(enabled)
}

#[cfg(test)]
mod tests {
    use super::super::info::DeviceKind;
    use super::*;

    fn devices() -> Vec<DeviceInfo> {
        [
            ("llvmpipe", DeviceKind::Cpu),
            ("Iris", DeviceKind::Integrated),
            ("Radeon", DeviceKind::Discrete),
            ("GeForce", DeviceKind::Discrete),
            ("Venus", DeviceKind::Virtual),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, (name, kind))| DeviceInfo {
            index,
            name: name.to_owned(),
            kind,
            driver: String::new(),
            api_version: Version::REQUIRED,
        })
        .collect()
    }

    fn chosen(devices: &[DeviceInfo], select: &Select, wish: Option<&str>) -> Vec<usize> {
        candidates(devices, select, wish).expect("there is such a device")
    }

    #[test]
    fn the_default_order_is_by_kind_and_stable() {
        assert_eq!(chosen(&devices(), &Select::Default, None), [2, 3, 1, 4, 0]);
        assert_eq!(chosen(&devices(), &Select::Default, Some(" ")), [2, 3, 1, 4, 0]);
    }

    #[test]
    fn the_environment_overrides_only_the_default() {
        assert_eq!(chosen(&devices(), &Select::Default, Some("1")), [1]);
        assert_eq!(chosen(&devices(), &Select::Default, Some("LLVM")), [0]);
        assert_eq!(chosen(&devices(), &Select::Index(4), Some("1")), [4]);
        assert_eq!(chosen(&devices(), &Select::Name("force".into()), Some("1")), [3]);
    }

    #[test]
    fn a_wrong_choice_lists_what_there_is() {
        let error = candidates(&devices(), &Select::Index(5), None).unwrap_err().to_string();
        assert_eq!(
            error,
            "no device matches index 5: choose one of 0: llvmpipe, 1: Iris, 2: Radeon, 3: GeForce, 4: Venus"
        );
        let error = candidates(&devices(), &Select::Default, Some("arc")).unwrap_err().to_string();
        assert!(error.starts_with("no device matches the name 'arc'"), "{error}");
    }
}
