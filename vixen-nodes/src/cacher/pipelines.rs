//! What drivers remember of pipelines, kept between runs: compiling a shader for a device can take longer than loading a scene.

use std::io;

use vixen::Device;
use vixen::device::DeviceError;

use super::disk::{DiskCache, DiskKey};
use super::format::Damage;

/// Raised whenever what is stored changes.
const VERSION: u32 = 1;

/// Why pipelines could not be loaded or kept. All goes on without.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PipelinesError {
    /// The file is none that was kept.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The folder cannot be written to.
    #[error("pipelines cannot be kept for the next run: {0}")]
    Io(#[from] io::Error),
    /// The driver refuses.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

vixen::debug_as_display!(PipelinesError);

/// Gives a device what an earlier run kept for it and its driver. Returns how many bytes there were. Do it before graphs are
/// compiled.
///
/// # Errors
/// When there is a file and it is not what was kept, or the driver runs out of memory.
pub fn load_pipelines(device: &Device, disk: &DiskCache) -> Result<usize, PipelinesError> {
    let device_key = device.pipeline_cache_key();
    let Some(mut stored) = disk.load(&key(&device_key))? else { return Ok(0) };
    let data: Vec<u8> = stored.section()?;
    // SAFETY: the file holds the key of this device and driver in full, and its checksums say that the data is as
    // `keep_pipelines` wrote it, which was as the device returned it.
    if unsafe { device.merge_pipeline_cache(&data) }? {
        Ok(data.len())
    } else {
        Err(stored.damaged("its pipelines are not of this device").into())
    }
}

/// Keeps what the driver remembers of the pipelines that were made, for the next run. Returns how many bytes that is.
///
/// # Errors
/// When the folder cannot be written to, or the driver runs out of memory.
pub fn keep_pipelines(device: &Device, disk: &DiskCache) -> Result<usize, PipelinesError> {
    let device_key = device.pipeline_cache_key();
    let key = key(&device_key);
    let data = device.pipeline_cache_data()?;
    let kept = disk.load(&key).ok().flatten().and_then(|mut stored| stored.section::<u8>().ok());
    if kept.as_ref() != Some(&data) {
        disk.store(&key, &[&data])?;
    }
    Ok(data.len())
}

fn key(device_key: &[u8; 32]) -> DiskKey<'_> {
    DiskKey { kind: "pipelines", version: VERSION, key: device_key }
}
