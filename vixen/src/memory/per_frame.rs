//! A value that changes in every frame, with a place for each frame in flight.

use std::fmt;
use std::marker::PhantomData;

use ash::vk;

use super::category::Category;
use super::desc::{BufferDesc, Location};
use super::error::MemoryError;
use super::owned::Buffer;
use crate::device::Device;
use crate::shader::{Block, bytes_of};

/// A uniform block with a copy for each frame in flight, all in one mapped buffer. Its handle and its generation never change.
pub struct PerFrameUniform<T> {
    buffer: Buffer,
    /// Bytes from one frame's block to the next.
    stride: u64,
    frames: u64,
    block: PhantomData<fn(T)>,
}

impl<T: Block> PerFrameUniform<T> {
    /// Creates it for this many frames in flight, at least one.
    pub fn new(device: &Device, name: &str, frames_in_flight: u32) -> Result<Self, MemoryError> {
        let alignment = device.capabilities().limits.min_uniform_buffer_offset_alignment.max(1);
        let (stride, frames) =
            ((size_of::<T>() as u64).next_multiple_of(alignment), u64::from(frames_in_flight.max(1)));
        let usage = vk::BufferUsageFlags::UNIFORM_BUFFER;
        let desc = BufferDesc::new(name, stride * frames, usage).at(Location::Upload);
        let buffer = device.budget().buffer(&desc, Category::Uniform)?;
        Ok(Self { buffer, stride, frames, block: PhantomData })
    }

    /// Sets the value of a frame, by its number; the frame that had the place before has finished. It allocates nothing.
    pub fn write(&self, frame: u64, value: &T) -> Result<(), MemoryError> {
        self.buffer.write(self.offset(frame), bytes_of(value))
    }

    /// What a descriptor for a frame points to.
    pub fn descriptor(&self, frame: u64) -> vk::DescriptorBufferInfo {
        vk::DescriptorBufferInfo { buffer: self.buffer.raw(), offset: self.offset(frame), range: size_of::<T>() as u64 }
    }

    /// The buffer that the values lie in.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    fn offset(&self, frame: u64) -> u64 {
        frame % self.frames * self.stride
    }
}

impl<T> fmt::Debug for PerFrameUniform<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerFrameUniform").field("buffer", &self.buffer).field("frames", &self.frames).finish()
    }
}
