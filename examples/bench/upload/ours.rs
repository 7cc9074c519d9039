//! Our side: an uploader and a buffer to upload to.

use std::ops::Range;
use std::sync::Arc;

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::{Buffer, BufferDesc, Category, Location, StagingPool, UploadStatistics, Uploader, UploaderOptions};

use super::by_hand;
use crate::Failure;

/// An uploader with its target.
pub struct Ours {
    device: Device,
    uploader: Arc<Uploader>,
    target: Arc<Buffer>,
}

impl Ours {
    /// With a target in the device's memory, for rounds of this many bytes.
    pub fn new(device: &Device, target: usize, round: usize) -> Result<Self, Failure> {
        Self::copied_by(device, target, round, 0)
    }

    /// The same with this many threads that copy, 0 for what the uploader chooses.
    pub fn copied_by(device: &Device, target: usize, round: usize, copiers: u32) -> Result<Self, Failure> {
        Self::at(device, target, round, Location::Device, copiers)
    }

    /// With a target in the device's memory that the host reaches, where the device has such memory.
    pub fn mapped(device: &Device, target: usize) -> Result<Self, Failure> {
        Self::at(device, target, target, Location::DeviceMapped, 0)
    }

    fn at(device: &Device, target: usize, round: usize, location: Location, copiers: u32) -> Result<Self, Failure> {
        let usage = vk::BufferUsageFlags::TRANSFER_DST
            | vk::BufferUsageFlags::TRANSFER_SRC
            | vk::BufferUsageFlags::STORAGE_BUFFER
            | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        let desc = BufferDesc::new("target of ours", target as u64, usage).at(location);
        let frame_bytes = round as u64;
        let options = UploaderOptions { frame_bytes, batches: 2, copy_threads: copiers, ..UploaderOptions::default() };
        Ok(Self {
            uploader: Uploader::new(device, &StagingPool::new(device), options)?,
            target: Arc::new(device.budget().buffer(&desc, Category::Other)?),
            device: device.clone(),
        })
    }

    /// Uploads some of the pieces of `data` to their places in one call, which nothing uses.
    pub fn upload_pieces(&self, data: &[u8], piece: usize, places: &[u64], part: Range<usize>) {
        let bytes = data[part.start * piece..].chunks_exact(piece);
        let pieces: Vec<_> = places[part].iter().copied().zip(bytes).collect();
        self.uploader.fresh_buffer_pieces(&self.target, &pieces).expect("the device lives, and the queue has room");
    }

    /// Uploads some of the pieces of `data` to their places, which nothing uses: the hand-written side waits for nothing either.
    pub fn upload(&self, data: &[u8], piece: usize, places: &[u64], part: Range<usize>) {
        for (place, bytes) in places[part.clone()].iter().zip(data[part.start * piece..].chunks_exact(piece)) {
            self.uploader.fresh_buffer(&self.target, *place, bytes).expect("the device lives, and the queue has room");
        }
    }

    /// Memory that the host writes where the uploader stages: the device's own, if the host reaches that.
    pub fn mapped_memory(device: &Device, bytes: usize) -> Result<Buffer, Failure> {
        let desc = BufferDesc::new("copied into", bytes as u64, vk::BufferUsageFlags::TRANSFER_SRC);
        let buffer = device.budget().buffer(&desc.at(Location::DeviceMapped), Category::Staging)?;
        if buffer.mapped().is_some() {
            return Ok(buffer);
        }
        Ok(device.budget().buffer(&desc.at(Location::Upload), Category::Staging)?)
    }

    /// Submits what was uploaded and waits for it.
    pub fn finish(&self) -> Result<(), Failure> {
        let ticket = self.uploader.flush()?;
        Ok(self.uploader.wait(ticket)?)
    }

    /// Fails unless every piece is in its place.
    pub fn verify(&self, data: &[u8], piece: usize, places: &[u64]) -> Result<(), Failure> {
        let found = by_hand::read_back(&self.device, &self.target)?;
        let mut pieces = places.iter().zip(data.chunks_exact(piece));
        match pieces.position(|(&place, bytes)| found[place as usize..][..piece] != *bytes) {
            None => Ok(()),
            Some(index) => Err(format!("upload {index} did not arrive where it belongs").into()),
        }
    }

    /// What the uploader has done.
    pub fn statistics(&self) -> UploadStatistics {
        self.uploader.statistics()
    }
}
