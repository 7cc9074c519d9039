//! The compute shader that puts many small pieces in their places, and the records that tell it which.

use ash::{util, vk};

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
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Record {
    pub source: u64,
    pub destination: u64,
    pub bytes: u32,
    pub unused: [u32; 3],
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
            .size(size_of::<Params>() as u32)];
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

    /// Records the dispatch for so many records at that address.
    pub fn dispatch(&self, commands: vk::CommandBuffer, records: vk::DeviceAddress, count: u32) {
        let params = Params { records, count, unused: 0 };
        let (columns, rows) = (count.min(ROW), count.div_ceil(ROW));
        let raw = self.device.raw();
        // SAFETY: the commands are being recorded outside a rendering scope; pipeline and layout are alive and stay so until
        // the uploader has waited for its last batch; the push constants are of the layout's range.
        unsafe {
            raw.cmd_bind_pipeline(commands, vk::PipelineBindPoint::COMPUTE, self.pipeline);
            let bytes = std::slice::from_raw_parts((&raw const params).cast::<u8>(), size_of::<Params>());
            raw.cmd_push_constants(commands, self.layout, vk::ShaderStageFlags::COMPUTE, 0, bytes);
            raw.cmd_dispatch(commands, columns, rows, 1);
        }
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

/// `Params` of scatter.comp.
#[repr(C)]
struct Params {
    records: u64,
    count: u32,
    unused: u32,
}

/// Room for the records of one batch, mapped.
pub(super) struct Records {
    buffer: Buffer,
    capacity: usize,
    count: usize,
}

impl Records {
    pub fn new(device: &Device, capacity: usize) -> Result<Self, MemoryError> {
        let bytes = (capacity * size_of::<Record>()) as u64;
        let desc = BufferDesc::new("scatter records", bytes, vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS);
        let buffer = staging_buffer(device, &desc)?;
        Ok(Self { buffer, capacity, count: 0 })
    }

    /// Forgets the records. The device has done with them.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a piece, cut into what a workgroup copies; false where there is no room for all of it.
    pub fn push(&mut self, source: u64, destination: u64, len: u32) -> bool {
        if self.count + len.div_ceil(RECORD_BYTES) as usize > self.capacity {
            return false;
        }
        let first = self.buffer.mapped().expect("upload memory is mapped").cast::<Record>();
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

    /// Makes the records visible to the device: their address and number.
    pub fn finish(&self) -> Result<(vk::DeviceAddress, u32), MemoryError> {
        self.buffer.flush(0, (self.count * size_of::<Record>()) as u64)?;
        Ok((self.buffer.device_address().unwrap_or(0), self.count as u32))
    }
}
