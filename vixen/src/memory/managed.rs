//! Buffers that change their contents or their size while graphs share them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ash::vk;

use super::category::Category;
use super::desc::{BufferDesc, Location};
use super::error::MemoryError;
use super::owned::Buffer;
use super::upload::{Ticket, Uploader, upload_buffer_at};
use crate::device::{Device, DeviceError};

/// Where a managed buffer lies, and how its contents get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// In the device's own memory; an update is copied there through staging memory. For what shaders read much and the host
    /// writes little.
    DeviceLocal,
    /// In memory that the host writes and the device reads. For what the host writes often.
    HostVisible,
    /// In memory that the host reads fast. For what the device writes and the host reads.
    HostCached,
}

impl Strategy {
    const fn location(self) -> Location {
        match self {
            Self::DeviceLocal => Location::Device,
            Self::HostVisible => Location::Upload,
            Self::HostCached => Location::Readback,
        }
    }
}

/// A buffer with a generation: 1 at first, the same while only the contents change, one more when the size changes and with it
/// the handle. Graphs that share it (`Graph::share_managed`) follow by themselves.
#[derive(Debug)]
pub struct ManagedBuffer {
    device: Device,
    strategy: Strategy,
    /// The generation of `current`, to be compared without the lock.
    generation: AtomicU64,
    current: Mutex<Arc<Buffer>>,
}

impl ManagedBuffer {
    /// Creates a buffer. Where it lies follows from the strategy, not from the description.
    pub fn new(
        device: &Device,
        desc: &BufferDesc<'_>,
        category: Category,
        strategy: Strategy,
    ) -> Result<Arc<Self>, MemoryError> {
        let mut desc = desc.at(strategy.location());
        if strategy == Strategy::DeviceLocal {
            desc.usage |= vk::BufferUsageFlags::TRANSFER_DST;
        }
        let buffer = device.budget().buffer(&desc, category)?;
        Ok(Arc::new(Self {
            device: device.clone(),
            strategy,
            generation: AtomicU64::new(buffer.generation()),
            current: Mutex::new(Arc::new(buffer)),
        }))
    }

    /// The buffer of the present generation. Who keeps it keeps it alive, after a resize too.
    pub fn current(&self) -> Arc<Buffer> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// 1 at first, and one more after each [`resize`](ManagedBuffer::resize). It takes no lock.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Where it lies.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.current().size()
    }

    /// Changes contents; handle and generation stay. In device memory it waits until the bytes are there, after all that was
    /// submitted before. In host memory it writes at once: what the device may be reading must not be written, for which
    /// [`PerFrameUniform`](super::PerFrameUniform) has a place for each frame.
    pub fn update(&self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        let buffer = self.current();
        if self.strategy == Strategy::DeviceLocal {
            upload_buffer_at(&self.device, &buffer, offset, bytes)
        } else {
            Ok(buffer.write(offset, bytes)?)
        }
    }

    /// As [`Self::update`], whatever the strategy, with the uploader's next batch and without waiting: frames in flight still see
    /// the old contents. The buffer needs the usage `TRANSFER_DST`, which a device-local one always has.
    ///
    /// # Errors
    /// As [`Uploader::buffer`].
    pub fn upload(&self, uploader: &Uploader, offset: u64, bytes: &[u8]) -> Result<Ticket, DeviceError> {
        uploader.buffer(&self.current(), offset, bytes)
    }

    /// Replaces the buffer with one of another size, undefined contents and the next generation; when this fails nothing has
    /// changed. Returns the old one. Compiled graphs keep theirs until the frames that use it have finished; who has submitted
    /// it otherwise keeps or retires what is returned.
    pub fn resize(&self, size: u64) -> Result<Arc<Buffer>, MemoryError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Arc::new(current.successor(size)?);
        self.generation.store(next.generation(), Ordering::Release);
        Ok(std::mem::replace(&mut *current, next))
    }
}
