//! Making the resources behind a plan: each checked against the device, from its declaration and what slots ask of it.

use std::sync::Arc;

use ash::vk;

use crate::device::Device;
use crate::frame::moment;
use crate::frame::provision::resources::{BufferCopy, Copy, ImageCopy, Physical, Resources, follows};
use crate::frame::provision::usages::Usages;
use crate::graph::tables::{Declared, DeclaredResource, Placement, Shape};
use crate::graph::{CompileError, Dimension, ImageFormat, ImageShape, SlotEffect};
use crate::memory::{BufferDesc, Category, ImageDesc, Location, NodeScope};
use crate::plan::Residency;

impl Resources {
    /// Makes all copies of a resource, before the frame of a number.
    pub(in crate::frame) fn make(
        &self,
        declared: &Declared,
        index: usize,
        usage: &Usages,
        outputs: &[[u32; 2]],
        frame: u64,
    ) -> Result<Physical, CompileError> {
        let resource = &declared.resources[index];
        self.check_device(resource)?;
        let _node = self.owners[index].clone().map(NodeScope::enter);
        // Swapchain images are lent later.
        let count = moment::copies(resource.residency, self.frame_slots, 0);
        let mut length = 0;
        let copies = match resource.shape {
            Shape::Buffer { length: declared, stride } => {
                length = declared.resolve(outputs).ok_or_else(|| no_extent(resource, outputs))?;
                let bytes = length.saturating_mul(stride);
                self.check_size(resource, bytes, self.max_buffer_size, "bytes, maxBufferSize")?;
                (0..count).map(|_| self.buffer(resource, usage, bytes)).collect::<Result<_, _>>()?
            }
            Shape::Image { format, dimension, shape } => {
                let extent = shape.extent.resolve(outputs).ok_or_else(|| no_extent(resource, outputs))?;
                self.check_image(resource, dimension, shape, extent)?;
                (0..count).map(|_| self.image(resource, usage, format, dimension, extent)).collect::<Result<_, _>>()?
            }
            Shape::AccelerationStructure => match &resource.placement {
                &Placement::ImportedAccelerationStructure { structure } => vec![Copy::AccelerationStructure(structure)],
                // The placement, which the compiled graph keeps, owns it.
                Placement::SharedAccelerationStructure(owner) => vec![Copy::AccelerationStructure(owner.raw())],
                _ => Vec::new(),
            },
        };
        let (residency, shape) = (resource.residency, resource.shape);
        Ok(Physical { copies, residency, shape, length, output: 0, made: frame, generation: 0 })
    }

    /// Refuses what is shared from another device: nothing brings it over.
    fn check_device(&self, resource: &DeclaredResource) -> Result<(), CompileError> {
        let same = match &resource.placement {
            Placement::SharedBuffer(buffer) => buffer.is_on(&self.device),
            Placement::SharedImage(image) => image.is_on(&self.device),
            Placement::SharedAccelerationStructure(structure) => structure.is_on(&self.device),
            _ => true,
        };
        if same {
            return Ok(());
        }
        let (resource, at) = (resource.name.clone(), resource.at);
        Err(CompileError::OtherDevice { resource, at, device: self.device.info().name.clone() })
    }

    /// Refuses an image that the device cannot have.
    fn check_image(
        &self,
        resource: &DeclaredResource,
        dimension: Dimension,
        shape: ImageShape,
        extent: [u32; 3],
    ) -> Result<(), CompileError> {
        let limits = &self.device.capabilities().limits;
        let (limit, name) = match dimension {
            Dimension::D3 => (limits.max_image_dimension3_d, "maxImageDimension3D"),
            Dimension::Cube => (limits.max_image_dimension_cube, "maxImageDimensionCube"),
            Dimension::D2 | Dimension::D2Array => (limits.max_image_dimension2_d, "maxImageDimension2D"),
        };
        for size in extent {
            self.check_size(resource, size.into(), limit.into(), name)?;
        }
        let longest = extent.into_iter().max().unwrap_or(1);
        self.check_size(resource, shape.mips.into(), u64::from(longest.ilog2() + 1), "mip levels of its extent")?;
        self.check_size(resource, shape.layers.into(), limits.max_image_array_layers.into(), "maxImageArrayLayers")?;
        let problem = match dimension {
            Dimension::D2 | Dimension::D2Array if extent[2] != 1 => "has a depth; use `Image<F, D3>`",
            Dimension::D2 if shape.layers != 1 => "has several layers; use `Image<F, D2Array>`",
            Dimension::D3 if shape.layers != 1 => "has layers as well as a depth; leave one of them out",
            Dimension::Cube if shape.layers != 6 => "is a cube, which has 6 layers; add `.layers(6)`",
            Dimension::Cube if extent[0] != extent[1] => "is a cube, whose faces are squares; make both sides equal",
            _ => return Ok(()),
        };
        Err(CompileError::Unsupported { what: format!("`{}`", resource.name), at: resource.at, problem })
    }

    fn buffer(&self, resource: &DeclaredResource, usage: &Usages, size: u64) -> Result<Copy, CompileError> {
        let (location, category) = match &resource.placement {
            Placement::SharedBuffer(buffer) => {
                if !buffer.usage().contains(usage.buffer) {
                    return Err(missing_usage(resource, format!("{:?}", usage.buffer & !buffer.usage())));
                }
                return Ok(Copy::Buffer { buffer: BufferCopy::Owned(Arc::clone(buffer)) });
            }
            Placement::ImportedBuffer { buffer } => return Ok(Copy::Buffer { buffer: BufferCopy::Raw(*buffer) }),
            Placement::Upload { .. } => (Location::Upload, Category::Uniform),
            Placement::Readback => (Location::Readback, Category::Readback),
            _ => (Location::Device, category(resource.residency)),
        };
        let usage = usage.buffer | vk::BufferUsageFlags::TRANSFER_DST;
        let desc = BufferDesc { name: &resource.name, size, usage, location };
        let buffer = self.device.budget().buffer(&desc, category)?;
        self.device.set_name(buffer.raw(), &resource.name);
        if buffer.mapped().is_some() {
            buffer.write(0, &vec![0; size as usize])?;
        }
        if let Placement::Upload { initial } = &resource.placement {
            buffer.write(0, &initial[..initial.len().min(size as usize)])?;
        }
        Ok(Copy::Buffer { buffer: BufferCopy::Owned(Arc::new(buffer)) })
    }

    fn image(
        &self,
        resource: &DeclaredResource,
        usage: &Usages,
        format: ImageFormat,
        dimension: Dimension,
        extent: [u32; 3],
    ) -> Result<Copy, CompileError> {
        let (mips, layers) = resource.shape.levels();
        let (image_type, flags) = match dimension {
            Dimension::D3 => (vk::ImageType::TYPE_3D, vk::ImageCreateFlags::empty()),
            Dimension::Cube => (vk::ImageType::TYPE_2D, vk::ImageCreateFlags::CUBE_COMPATIBLE),
            Dimension::D2 | Dimension::D2Array => (vk::ImageType::TYPE_2D, vk::ImageCreateFlags::empty()),
        };
        let samples = vk::SampleCountFlags::TYPE_1;
        match &resource.placement {
            Placement::SharedImage(image) => {
                let made = image.desc();
                let same_kind = (made.image_type, made.samples) == (image_type, samples) && made.flags.contains(flags);
                let problem = if made.format != format.format {
                    "is shared as another format than it was made with; share it as the format that it has"
                } else if !same_kind {
                    "is shared as an image of another kind than it was made as; give it the image type of its dimension, one sample, and CUBE_COMPATIBLE if it is a cube"
                } else {
                    ""
                };
                if !problem.is_empty() {
                    let what = format!("`{}`", resource.name);
                    return Err(CompileError::Unsupported { what, at: resource.at, problem });
                }
                if !image.usage().contains(usage.image) {
                    return Err(missing_usage(resource, format!("{:?}", usage.image & !image.usage())));
                }
                return Ok(Copy::Image { image: ImageCopy::Owned(Arc::clone(image)), extent });
            }
            Placement::ImportedImage { image } => return Ok(Copy::Image { image: ImageCopy::Raw(*image), extent }),
            _ => {}
        }
        let desc = ImageDesc {
            name: &resource.name,
            image_type,
            format: format.format,
            extent,
            mips,
            layers,
            samples,
            usage: usage.image,
            flags,
        };
        let image = self.device.budget().image(&desc, category(resource.residency))?;
        self.device.set_name(image.raw(), &resource.name);
        Ok(Copy::Image { image: ImageCopy::Owned(Arc::new(image)), extent })
    }

    fn check_size(
        &self,
        resource: &DeclaredResource,
        found: u64,
        limit: u64,
        limit_name: &'static str,
    ) -> Result<(), CompileError> {
        if (1..=limit).contains(&found) {
            return Ok(());
        }
        Err(CompileError::Size { resource: resource.name.clone(), at: resource.at, found, limit, limit_name })
    }
}

/// The largest buffer that the device can have.
pub(in crate::frame) fn max_buffer_size(device: &Device) -> u64 {
    let mut maintenance = vk::PhysicalDeviceMaintenance4Properties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut maintenance);
    // SAFETY: the physical device is of the instance and of Vulkan 1.3, to which the structure belongs.
    unsafe { device.instance_raw().get_physical_device_properties2(device.physical(), &mut properties) };
    maintenance.max_buffer_size
}

fn category(residency: Residency) -> Category {
    match residency {
        Residency::History { .. } | Residency::Persistent => Category::History,
        _ => Category::Transient,
    }
}

fn no_extent(resource: &DeclaredResource, outputs: &[[u32; 2]]) -> CompileError {
    CompileError::NoExtent {
        resource: resource.name.clone(),
        at: resource.at,
        output: follows(&resource.shape).map_or(0, |output| output.0),
        outputs: outputs.len(),
    }
}

fn missing_usage(resource: &DeclaredResource, missing: String) -> CompileError {
    CompileError::MissingUsage { resource: resource.name.clone(), at: resource.at, missing }
}

/// The name of the node that each resource is made for.
pub(in crate::frame) fn owners(declared: &Declared) -> Vec<Option<Arc<str>>> {
    let mut owners: Vec<Option<(bool, &str)>> = vec![None; declared.resources.len()];
    for node in &declared.nodes {
        for binding in &node.bindings {
            let writes = node.declaration.slots[binding.slot as usize].effect != SlotEffect::Read;
            for part in &binding.parts {
                let owner = &mut owners[part.resource.0 as usize];
                if owner.is_none_or(|(written, _)| writes && !written) {
                    *owner = Some((writes, &node.name));
                }
            }
        }
    }
    owners.into_iter().map(|owner| owner.map(|(_, name)| name.into())).collect()
}
