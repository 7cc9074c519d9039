//! What frames by hand do besides submitting: they record dynamic nodes' commands into command buffers of their own, and write
//! uniforms.

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::{self, BufferDesc, Category, Location};
use vixen::testing::{FrameWatch, FramesReport};
use vixen_nodes::voxel::CameraUniform;

use crate::Failure;
use crate::executor::by_hand::ByHand;
use crate::executor::objects::SLOTS;
use crate::executor::ours::{Nodes, Ours, Tick};
use crate::executor::shape::Shape;

/// Counts what frames of a chain allocate and create, ours and by hand in turns. The driver's allocations are those over the
/// hand-written frames'.
pub fn watch(device: &Device, nodes: usize, frames: u64) -> Result<FramesReport, Failure> {
    let shape = Shape::chain(nodes);
    let mut ours = Ours::new(device, shape, Nodes::Dynamic { threads: 1 })?;
    let mut by_hand = ByHand::new(device, shape)?;
    let mut watch = FrameWatch::new(ours.set(0))?;
    for frame in 0..frames as u32 {
        let graph = ours.set(frame);
        watch.frame(graph)?;
        watch.by_hand(graph, || by_hand.record_and_submit(frame))?;
    }
    Ok(watch.finish_by_hand())
}

/// What a frame of a workload writes, besides what commands do: its parameter, and what its host nodes make.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Uniforms {
    pub camera: CameraUniform,
    pub tick: Tick,
    pub heard: u32,
}

/// Where frames by hand write it, in mapped memory: a place for each frame slot.
pub struct UniformRing(Vec<memory::Buffer>);

impl UniformRing {
    pub fn new(device: &Device) -> Result<Self, Failure> {
        let usage = vk::BufferUsageFlags::UNIFORM_BUFFER;
        let desc = BufferDesc::new("uniforms by hand", size_of::<Uniforms>() as u64, usage).at(Location::Upload);
        let buffers = (0..SLOTS).map(|_| device.budget().buffer(&desc, Category::Uniform));
        Ok(Self(buffers.collect::<Result<_, _>>()?))
    }

    pub fn write(&self, frame: u64, uniforms: Uniforms) {
        let mapped = self.0[frame as usize % SLOTS].mapped().expect("upload memory is mapped").cast();
        // SAFETY: the buffer holds one of these and its memory is aligned to at least 64 bytes (minMemoryMapAlignment); no command
        // reads it. Upload memory is coherent, so there is nothing to flush.
        unsafe { mapped.write(uniforms) };
    }
}
