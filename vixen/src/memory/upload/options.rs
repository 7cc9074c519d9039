//! How an uploader is made.

use crate::device::Device;
use crate::memory::Wait;
use crate::memory::staging::across_bus;

/// How an [`Uploader`](super::Uploader) is made. What it needs follows from this and is made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploaderOptions {
    /// The most writes to buffers that one batch takes; one more waits, or fails, as `wait` says.
    pub writes: usize,
    /// The same for writes to images.
    pub images: usize,
    /// Bytes that a frame uploads: the staging pool is warmed to them, so that no upload has to make a block.
    pub frame_bytes: u64,
    /// How many batches may be under way: one more than frames in flight, or more.
    pub batches: u32,
    /// What an upload does when the queue is full or the staging quota used up: see what can be given to the device at once
    /// and wait, or fail.
    pub wait: Wait,
    /// Which small writes a compute shader puts in their places.
    pub scatter: ScatterPolicy,
    /// What goes through the transfer queue.
    pub transfer: TransferPolicy,
    /// How many threads share the copying where one call uploads 1 MiB and more to a buffer, the caller's among them. The others
    /// are the uploader's own, at most 15, parked while there is nothing to do. 0 is what the device wants: two where the host
    /// writes to the device's memory over a bus, which one cannot fill.
    pub copy_threads: u32,
}

impl UploaderOptions {
    /// How many threads copy.
    pub(super) fn copiers(&self, device: &Device) -> usize {
        match self.copy_threads {
            0 if across_bus(device) => 2,
            count => count.max(1) as usize,
        }
    }
}

impl Default for UploaderOptions {
    fn default() -> Self {
        Self {
            writes: 16_384,
            images: 512,
            frame_bytes: 1 << 20,
            batches: 4,
            wait: Wait::Block,
            scatter: ScatterPolicy::Measured,
            transfer: TransferPolicy::Dedicated,
            copy_threads: 0,
        }
    }
}

/// When small pieces that have no neighbour go to their places by a compute shader instead of as one copy region each. It
/// serves buffers with the usage `SHADER_DEVICE_ADDRESS`, and pieces of whole words at most 64 KiB long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScatterPolicy {
    /// What was faster when the uploader was made and tried both, for batches of 16 such pieces and more.
    Measured,
    /// Wherever it can.
    Always,
    /// Nowhere.
    Never,
}

/// What of a frame's uploads goes through another queue than the frame. Only what nothing before it uses can: see
/// [`Uploader::fresh_buffer`](super::Uploader::fresh_buffer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferPolicy {
    /// Fresh images and larger fresh pieces, where the device has a queue for transfers alone.
    Dedicated,
    /// The same, through the main queue as if it were another where the device has no other. For tests.
    Always,
    /// Nothing.
    Never,
}
