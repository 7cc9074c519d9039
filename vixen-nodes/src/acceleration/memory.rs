//! What builds need of memory: how much, scratch, and input that the device reads.

use vixen::Device;
use vixen::ash::{khr, vk};
use vixen::device::{DeviceError, Feature, RayTracingLimits};
use vixen::memory::{Buffer, BufferDesc, Category, Location, upload_buffer};

/// The functions and limits that builds need, or which feature the device lacks.
pub(super) fn functions(
    device: &Device,
) -> Result<(&khr::acceleration_structure::Device, RayTracingLimits), DeviceError> {
    let missing = |feature| DeviceError::MissingFeature { device: device.info().name.clone(), feature };
    let loader = device.acceleration_structure().ok_or_else(|| missing(Feature::AccelerationStructure))?;
    let limits = device.capabilities().ray_tracing.ok_or_else(|| missing(Feature::RayTracingPipeline))?;
    Ok((loader, limits))
}

/// How a structure is to be built.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub ty: vk::AccelerationStructureTypeKHR,
    pub flags: vk::BuildAccelerationStructureFlagsKHR,
}

/// What the device asks for, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub structure: u64,
    pub build_scratch: u64,
    pub update_scratch: u64,
}

/// Asks the device what a structure of this many primitives takes. The device reads nothing at the geometry's addresses.
pub(super) fn sizes(
    loader: &khr::acceleration_structure::Device,
    kind: Kind,
    geometry: &vk::AccelerationStructureGeometryKHR<'_>,
    primitives: u32,
) -> Sizes {
    let info = vk::AccelerationStructureBuildGeometryInfoKHR::default()
        .ty(kind.ty)
        .flags(kind.flags)
        .mode(vk::BuildAccelerationStructureModeKHR::BUILD)
        .geometries(std::slice::from_ref(geometry));
    let mut sizes = vk::AccelerationStructureBuildSizesInfoKHR::default();
    // SAFETY: the loader's device is alive; there is one count for the one geometry.
    unsafe {
        let on_device = vk::AccelerationStructureBuildTypeKHR::DEVICE;
        loader.get_acceleration_structure_build_sizes(on_device, &info, &[primitives], &mut sizes);
    }
    Sizes {
        structure: sizes.acceleration_structure_size,
        build_scratch: sizes.build_scratch_size,
        update_scratch: sizes.update_scratch_size,
    }
}

/// Scratch memory of builds that run at the same time: as much as each asks for, apart from one another.
pub(super) struct Scratch {
    /// Where each build's part starts.
    pub parts: Vec<vk::DeviceAddress>,
    // Alive until the builds have been waited for.
    buffer: Buffer,
}

impl Scratch {
    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }

    pub fn new(device: &Device, limits: &RayTracingLimits, wanted: &[u64]) -> Result<Self, DeviceError> {
        let alignment = u64::from(limits.min_scratch_offset_alignment).max(1);
        let mut total = 0_u64;
        let offsets: Vec<u64> = wanted
            .iter()
            .map(|&bytes| {
                let start = total;
                total = (start + bytes).next_multiple_of(alignment);
                start
            })
            .collect();
        // No memory requirement tells the alignment of scratch addresses, so there is room to align the first.
        let usage = vk::BufferUsageFlags::STORAGE_BUFFER | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        let desc = BufferDesc::new("acceleration structure scratch", total + alignment, usage);
        let buffer = device.budget().buffer(&desc, Category::AccelerationStructure)?;
        let start = buffer.device_address().expect("made with SHADER_DEVICE_ADDRESS").next_multiple_of(alignment);
        Ok(Self { parts: offsets.iter().map(|offset| start + offset).collect(), buffer })
    }
}

/// Data that builds read.
pub(super) struct Input {
    /// Where each part starts; meaningless where it is empty.
    pub parts: Vec<vk::DeviceAddress>,
    // Alive until the builds have been waited for.
    buffer: Buffer,
}

impl Input {
    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }

    /// Instances, the strictest of all, ask for this alignment.
    const ALIGNMENT: u64 = 16;

    /// Copies all parts into one buffer: to the device itself where they are many bytes, since builds read them more than once.
    pub fn new(device: &Device, parts: &[&[u8]]) -> Result<Self, DeviceError> {
        const MANY: u64 = 1 << 16;
        let mut size = 0_u64;
        let offsets: Vec<u64> = parts
            .iter()
            .map(|part| {
                let start = size;
                size = (start + part.len() as u64).next_multiple_of(Self::ALIGNMENT);
                start
            })
            .collect();
        let usage = vk::BufferUsageFlags::ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_KHR
            | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS
            | vk::BufferUsageFlags::TRANSFER_DST;
        let location = if size < MANY { Location::Upload } else { Location::Device };
        let desc = BufferDesc::new("acceleration structure input", size + Self::ALIGNMENT, usage).at(location);
        let buffer = device.budget().buffer(&desc, Category::AccelerationStructure)?;
        let address = buffer.device_address().expect("made with SHADER_DEVICE_ADDRESS");
        let padding = address.next_multiple_of(Self::ALIGNMENT) - address;
        if location == Location::Upload {
            for (part, offset) in parts.iter().zip(&offsets) {
                buffer.write(padding + offset, part)?;
            }
        } else {
            let mut bytes = vec![0; (padding + size) as usize];
            for (part, offset) in parts.iter().zip(&offsets) {
                bytes[(padding + offset) as usize..][..part.len()].copy_from_slice(part);
            }
            upload_buffer(device, &buffer, &bytes)?;
        }
        Ok(Self { parts: offsets.iter().map(|offset| address + padding + offset).collect(), buffer })
    }
}
