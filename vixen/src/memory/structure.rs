//! Acceleration structures that free themselves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ash::vk;

use super::category::Category;
use super::desc::BufferDesc;
use super::error::MemoryError;
use super::owned::Buffer;
use crate::device::{Device, DeviceError, Feature};

/// An acceleration structure to create.
#[derive(Clone, Copy, Debug)]
pub struct AccelerationStructureDesc<'a> {
    /// What messages and debuggers call it.
    pub name: &'a str,
    /// Whether it holds geometry or instances.
    pub kind: vk::AccelerationStructureTypeKHR,
    /// Its bytes, as the device gave them for what is to be built.
    pub size: u64,
}

/// An acceleration structure and the buffer that it lies in. Dropping it destroys it at once, so whoever shares it with frames in
/// flight retires it first. What a build command puts into it is the business of whoever records the command.
pub struct AccelerationStructure {
    handle: vk::AccelerationStructureKHR,
    address: vk::DeviceAddress,
    kind: vk::AccelerationStructureTypeKHR,
    /// What a top-level structure refers to lives as long as it does.
    references: Mutex<Vec<Arc<Self>>>,
    device: Device,
    // After `handle` has been destroyed, in `drop`.
    buffer: Buffer,
}

impl AccelerationStructure {
    /// Creates one with undefined contents.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure`, or its memory or budget does not suffice.
    pub fn new(device: &Device, desc: &AccelerationStructureDesc<'_>) -> Result<Self, DeviceError> {
        let loader = device.acceleration_structure().ok_or_else(|| DeviceError::MissingFeature {
            device: device.info().name.clone(),
            feature: Feature::AccelerationStructure,
        })?;
        let usage =
            vk::BufferUsageFlags::ACCELERATION_STRUCTURE_STORAGE_KHR | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        let buffer = BufferDesc::new(desc.name, desc.size, usage);
        let buffer = device.budget().buffer(&buffer, Category::AccelerationStructure)?;
        let info = vk::AccelerationStructureCreateInfoKHR::default().buffer(buffer.raw()).size(desc.size).ty(desc.kind);
        // SAFETY: the device has the feature; the buffer is alive, has the usage and the size, and nothing else lies in it.
        let handle = unsafe { loader.create_acceleration_structure(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateAccelerationStructureKHR"))?;
        device.set_name(handle, desc.name);
        let info = vk::AccelerationStructureDeviceAddressInfoKHR::default().acceleration_structure(handle);
        // SAFETY: the structure was made above.
        let address = unsafe { loader.get_acceleration_structure_device_address(&info) };
        let references = Mutex::default();
        Ok(Self { handle, address, kind: desc.kind, references, device: device.clone(), buffer })
    }

    /// The Vulkan acceleration structure.
    pub fn raw(&self) -> vk::AccelerationStructureKHR {
        self.handle
    }

    /// What instances refer to it by.
    pub fn device_address(&self) -> vk::DeviceAddress {
        self.address
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        self.buffer.name()
    }

    /// Whether it is a device's.
    pub(crate) fn is_on(&self, device: &Device) -> bool {
        self.buffer.is_on(device)
    }

    /// Refuses it where it lies in the memory of another device than the one that is to build or trace it.
    ///
    /// # Errors
    /// [`MemoryError::OtherDevice`], which names both.
    pub fn check_device(&self, device: &Device) -> Result<(), MemoryError> {
        self.buffer.charge.check_device(device)
    }

    /// Whether it holds geometry or instances.
    pub fn kind(&self) -> vk::AccelerationStructureTypeKHR {
        self.kind
    }

    /// The bytes that were asked for.
    pub fn size(&self) -> u64 {
        self.buffer.size()
    }

    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }

    /// Keeps these structures alive for as long as it refers to them, and returns those that it kept before.
    pub fn keep(&self, references: Vec<Arc<Self>>) -> Vec<Arc<Self>> {
        std::mem::replace(&mut self.references.lock().unwrap_or_else(PoisonError::into_inner), references)
    }
}

impl Drop for AccelerationStructure {
    fn drop(&mut self) {
        let loader = self.device.acceleration_structure().expect("it was made with these functions");
        // SAFETY: it was made from this device with these callbacks and is destroyed only here; that the device has done with it
        // is what the type asks of its owners.
        unsafe { loader.destroy_acceleration_structure(self.handle, self.device.callbacks()) };
    }
}

impl fmt::Debug for AccelerationStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccelerationStructure")
            .field("name", &self.name())
            .field("kind", &self.kind)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
