//! The driver's pipeline cache: one for all pipelines of a device, whose content can outlive the program.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use ash::vk;

use super::Device;
use super::core::DeviceCore;
use super::error::DeviceError;

/// The device's pipeline cache. Pipelines are made under the shared lock, as Vulkan allows; what must not run at the same time takes
/// the lock exclusively.
pub(super) struct PipelineCache {
    raw: RwLock<vk::PipelineCache>,
    core: Arc<DeviceCore>,
}

impl PipelineCache {
    pub fn new(core: &Arc<DeviceCore>) -> Result<Self, DeviceError> {
        Ok(Self { raw: RwLock::new(create(core, &[])?), core: core.clone() })
    }

    fn read(&self) -> RwLockReadGuard<'_, vk::PipelineCache> {
        self.raw.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PipelineCache {
    fn drop(&mut self) {
        let raw = *self.raw.get_mut().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the device is alive, the cache is its own, and nobody else can have it now.
        unsafe { self.core.raw.destroy_pipeline_cache(raw, self.core.callbacks()) };
    }
}

fn create(core: &DeviceCore, data: &[u8]) -> Result<vk::PipelineCache, DeviceError> {
    let info = vk::PipelineCacheCreateInfo::default().initial_data(data);
    // SAFETY: the device is alive; the data is none, or what the caller of `merge_pipeline_cache` answers for.
    unsafe { core.raw.create_pipeline_cache(&info, core.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreatePipelineCache"))
}

impl Device {
    /// The cache to make pipelines with, and the lock under which to do it.
    pub(crate) fn pipeline_cache(&self) -> RwLockReadGuard<'_, vk::PipelineCache> {
        self.0.pipeline_cache.read()
    }

    /// What tells this device and driver from others that could not use its [pipelines](Self::pipeline_cache_data).
    pub fn pipeline_cache_key(&self) -> [u8; 32] {
        // SAFETY: the physical device belongs to the instance.
        let properties = unsafe { self.instance_raw().get_physical_device_properties(self.physical()) };
        let mut key = [0; 32];
        let words = [properties.vendor_id, properties.device_id, properties.driver_version, usize::BITS];
        for (bytes, word) in key.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        key[16..].copy_from_slice(&properties.pipeline_cache_uuid);
        key
    }

    /// What the driver wants to remember of the pipelines made so far, to be given to
    /// [`merge_pipeline_cache`](Self::merge_pipeline_cache) in a later run.
    ///
    /// # Errors
    /// When the driver runs out of memory.
    pub fn pipeline_cache_data(&self) -> Result<Vec<u8>, DeviceError> {
        // SAFETY: the device and the cache are alive.
        unsafe { self.raw().get_pipeline_cache_data(*self.pipeline_cache()) }
            .map_err(DeviceError::vulkan("vkGetPipelineCacheData"))
    }

    /// Lets pipelines that are made from now on use what an earlier run remembered. Says whether it did: data of another
    /// device or driver is left alone.
    ///
    /// # Safety
    /// The data is, byte by byte, what [`pipeline_cache_data`](Self::pipeline_cache_data) returned for a device of the same
    /// [key](Self::pipeline_cache_key): drivers trust it.
    ///
    /// # Errors
    /// When the driver runs out of memory.
    pub unsafe fn merge_pipeline_cache(&self, data: &[u8]) -> Result<bool, DeviceError> {
        if !self.made(data) {
            return Ok(false);
        }
        let core = self.core();
        let other = create(core, data)?;
        let cache = self.0.pipeline_cache.raw.write().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: both caches are this device's, and nobody else uses either: the lock is held, and the other is new.
        let merged = unsafe { core.raw.merge_pipeline_caches(*cache, &[other]) };
        drop(cache);
        // SAFETY: as above; merging has copied what it took.
        unsafe { core.raw.destroy_pipeline_cache(other, core.callbacks()) };
        merged.map_err(DeviceError::vulkan("vkMergePipelineCaches"))?;
        Ok(true)
    }

    /// Whether the data begins with the header that this device's driver writes.
    fn made(&self, data: &[u8]) -> bool {
        let key = self.pipeline_cache_key();
        let Some((header, _)) = data.split_at_checked(32) else { return false };
        let word = |index: usize| header[index * 4..index * 4 + 4].try_into().map_or(0, u32::from_le_bytes);
        let version_one = word(0) == 32 && word(1) == vk::PipelineCacheHeaderVersion::ONE.as_raw() as u32;
        version_one && header[8..16] == key[..8] && header[16..] == key[16..]
    }
}
