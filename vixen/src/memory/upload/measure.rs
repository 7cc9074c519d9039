//! Which way is faster for many small pieces on a device.

use std::sync::Arc;

use ash::vk;

use super::scatter::RECORD_BYTES;
use super::uploader::Uploader;
use crate::device::DeviceError;
use crate::memory::{BufferDesc, Category};

impl Uploader {
    /// Whether scattering many small pieces is faster than copying them on this device: tries both.
    pub(super) fn measure(&mut self) -> Result<bool, DeviceError> {
        const PIECES: u64 = 256;
        const STRIDE: u64 = 2 * RECORD_BYTES as u64;
        let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        let desc = BufferDesc::new("scatter measurement", PIECES * STRIDE, usage);
        let target = Arc::new(self.device.budget().buffer(&desc, Category::Staging)?);
        let bytes = vec![0; RECORD_BYTES as usize];
        let pieces = PIECES.min(self.options.writes as u64 / 2);
        let mut best = [u128::MAX; 2];
        // The first round warms both up and does not count.
        for round in 0..4 {
            for (best, scatter_from) in best.iter_mut().zip([usize::MAX, 1]) {
                self.scatter_from = scatter_from;
                for piece in 0..pieces {
                    self.buffer(&target, piece * STRIDE, &bytes)?;
                }
                let start = std::time::Instant::now();
                let ticket = self.flush()?;
                self.wait(ticket)?;
                if round > 0 {
                    *best = start.elapsed().as_nanos().min(*best);
                }
            }
        }
        let [copied, scattered] = best;
        Ok(scattered < copied)
    }
}
