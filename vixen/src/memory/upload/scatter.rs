//! The compute shader that puts many small pieces in their places, and the records that tell it which.

use std::ptr::NonNull;

use ash::{util, vk};

use super::batch::{AFTER, Addresses, BEFORE};
use super::commands::Commands;
use super::pieces::Write;
use super::queue::{Source, Target};
use crate::device::{Device, DeviceError, Feature};
use crate::memory::error::MemoryError;
use crate::memory::staging::staging_buffer;
use crate::memory::{Buffer, BufferDesc};

/// The bytes that one workgroup copies: 256 threads of 16.
pub(super) const RECORD_BYTES: u32 = 4096;
/// The longest piece that is scattered; a copy of anything longer is as fast.
pub(super) const LONGEST: u32 = 64 << 10;
/// Workgroups in a row of a dispatch: every device allows this many.
const ROW: u32 = 65_535;

/// `Record` of scatter.comp.
#[repr(C)]
struct Record {
    source: u64,
    destination: u64,
    bytes: u32,
    unused: [u32; 3],
}

/// The pipeline.
pub(super) struct Scatter {
    device: Device,
    layout: vk::PipelineLayout,
    pipeline: vk::Pipeline,
}

impl Scatter {
    /// Where the device can address buffers.
    pub fn new(device: &Device) -> Result<Option<Self>, DeviceError> {
        if !device.capabilities().has(Feature::BufferDeviceAddress) {
            return Ok(None);
        }
        let (layout, pipeline) = (vk::PipelineLayout::null(), vk::Pipeline::null());
        // Owned from here on: whatever fails below is cleaned up.
        let mut scatter = Self { device: device.clone(), layout, pipeline };
        let push = [vk::PushConstantRange::default()
            .stage_flags(vk::ShaderStageFlags::COMPUTE)
            .size(size_of::<vk::DeviceAddress>() as u32)];
        let layout = vk::PipelineLayoutCreateInfo::default().push_constant_ranges(&push);
        // SAFETY: the device is alive, and the range is within what every device has.
        scatter.layout = unsafe { device.raw().create_pipeline_layout(&layout, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreatePipelineLayout"))?;

        let spirv = include_bytes!("shaders/scatter.comp.spv");
        let words = util::read_spv(&mut std::io::Cursor::new(spirv)).expect("the module was compiled to SPIR-V");
        let info = vk::ShaderModuleCreateInfo::default().code(&words);
        // SAFETY: the words are a module whose only capability beside those of every device was looked for above.
        let module = unsafe { device.raw().create_shader_module(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateShaderModule"))?;
        let stage = vk::PipelineShaderStageCreateInfo::default()
            .stage(vk::ShaderStageFlags::COMPUTE)
            .module(module)
            .name(c"main");
        let info = [vk::ComputePipelineCreateInfo::default().stage(stage).layout(scatter.layout)];
        // SAFETY: module and layout are alive and fit each other.
        let made =
            unsafe { device.raw().create_compute_pipelines(vk::PipelineCache::null(), &info, device.callbacks()) };
        // SAFETY: a module may go as soon as no pipeline is being made of it.
        unsafe { device.raw().destroy_shader_module(module, device.callbacks()) };
        scatter.pipeline =
            made.map_err(|(_, result)| DeviceError::Vulkan { call: "vkCreateComputePipelines", result })?[0];
        Ok(Some(scatter))
    }

    /// What scatters the pieces of one batch at a time, at most this many records of them.
    pub fn scatters(&self, device: &Device, capacity: usize) -> Result<Scatters, DeviceError> {
        let records = Records::new(device, capacity)?;
        let family = device.main_queue().family;
        let ready = [Commands::new(device, family)?, Commands::new(device, family)?];
        let scatters = Scatters { layout: self.layout, pipeline: self.pipeline, records, ready };
        for (ordered, commands) in [false, true].into_iter().zip(&scatters.ready) {
            commands.begin(vk::CommandBufferUsageFlags::empty())?;
            if ordered {
                commands.barrier(&[BEFORE], &[]);
            }
            scatters.record(device, commands.buffer);
            commands.barrier(&[AFTER], &[]);
            commands.end()?;
        }
        Ok(scatters)
    }
}

impl Drop for Scatter {
    fn drop(&mut self) {
        // SAFETY: both are null or were made of this device with these callbacks; the uploader has waited for the device.
        unsafe {
            self.device.raw().destroy_pipeline(self.pipeline, self.device.callbacks());
            self.device.raw().destroy_pipeline_layout(self.layout, self.device.callbacks());
        }
    }
}

/// The records of one batch, and the commands that scatter its pieces. How many there are stands beside the records, so the
/// commands are the same for every batch: those of a batch that does nothing else are recorded once.
pub(super) struct Scatters {
    layout: vk::PipelineLayout,
    pipeline: vk::Pipeline,
    records: Records,
    /// For pieces that are all fresh, and for such as earlier commands may use.
    ready: [Commands; 2],
}

impl Scatters {
    /// Takes pieces, for which the device has done with those of before; returns them, and those for which there is no room.
    pub fn fill<'p>(
        &mut self,
        pieces: &'p [Write],
        targets: &[Target],
        sources: &[Source],
    ) -> Result<(&'p [Write], &'p [Write]), MemoryError> {
        self.records.count = 0;
        let mut addresses = Addresses::of(targets);
        let full = pieces.iter().position(|piece| {
            let source = sources[piece.block as usize].address + u64::from(piece.from);
            let destination = addresses.at(piece.target).unwrap_or(0) + piece.to;
            !self.records.push(source, destination, piece.len)
        });
        self.records.finish()?;
        Ok(pieces.split_at(full.unwrap_or(pieces.len())))
    }

    /// The commands of a batch that does nothing else; `ordered` after whatever earlier ones do.
    pub fn commands(&self, ordered: bool) -> vk::CommandBuffer {
        self.ready[usize::from(ordered)].buffer
    }

    /// Records the dispatch.
    pub fn record(&self, device: &Device, commands: vk::CommandBuffer) {
        let raw = device.raw();
        let records = self.records.buffer.device_address().unwrap_or(0);
        // SAFETY: the commands are being recorded outside a rendering scope; pipeline, layout and records are alive and stay so
        // until the uploader has waited for its last batch; the push constants are of the layout's range. The buffer begins
        // with the size of the dispatch, within what every device allows.
        unsafe {
            raw.cmd_bind_pipeline(commands, vk::PipelineBindPoint::COMPUTE, self.pipeline);
            let stages = vk::ShaderStageFlags::COMPUTE;
            raw.cmd_push_constants(commands, self.layout, stages, 0, &records.to_ne_bytes());
            raw.cmd_dispatch_indirect(commands, self.records.buffer.raw(), 0);
        }
    }
}

/// `Header` of scatter.comp.
#[repr(C)]
struct Header {
    /// What `vkCmdDispatchIndirect` reads.
    workgroups: vk::DispatchIndirectCommand,
    count: u32,
    unused: [u32; 4],
}

/// Room for the records of one batch, mapped, after their header.
struct Records {
    buffer: Buffer,
    capacity: usize,
    count: usize,
}

impl Records {
    fn new(device: &Device, capacity: usize) -> Result<Self, MemoryError> {
        let bytes = size_of::<Header>() + capacity * size_of::<Record>();
        let usage = vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS | vk::BufferUsageFlags::INDIRECT_BUFFER;
        let buffer = staging_buffer(device, &BufferDesc::new("scatter records", bytes as u64, usage))?;
        Ok(Self { buffer, capacity, count: 0 })
    }

    /// Adds a piece, cut into what a workgroup copies; false where there is no room for all of it.
    fn push(&mut self, source: u64, destination: u64, len: u32) -> bool {
        if self.count + len.div_ceil(RECORD_BYTES) as usize > self.capacity {
            return false;
        }
        // SAFETY: the buffer begins with a header.
        let first = unsafe { self.header().add(1) }.cast::<Record>();
        let mut done = 0;
        while done < len {
            let (bytes, skip) = ((len - done).min(RECORD_BYTES), u64::from(done));
            let record = Record { source: source + skip, destination: destination + skip, bytes, unused: [0; 3] };
            // SAFETY: the index is below the capacity, which is what the buffer was made for; mappings are aligned to at
            // least 16 bytes; the device reads no record of this buffer at the moment, and `&mut self` keeps others out.
            unsafe { first.add(self.count).write(record) };
            self.count += 1;
            done += bytes;
        }
        true
    }

    /// Writes how many there are, and makes them visible to the device.
    fn finish(&mut self) -> Result<(), MemoryError> {
        let count = self.count as u32;
        let workgroups = vk::DispatchIndirectCommand { x: count.min(ROW), y: count.div_ceil(ROW), z: 1 };
        // SAFETY: as in `push`; the header comes first.
        unsafe { self.header().write(Header { workgroups, count, unused: [0; 4] }) };
        self.buffer.flush(0, (size_of::<Header>() + self.count * size_of::<Record>()) as u64)
    }

    fn header(&self) -> NonNull<Header> {
        self.buffer.mapped().expect("upload memory is mapped").cast()
    }
}
