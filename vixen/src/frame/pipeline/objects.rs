//! The Vulkan objects that all graphs of a device share: samplers, layouts, shader modules and pipelines, one for each description.

use std::sync::Arc;

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
use crate::frame::pipeline::shelf::{Sharing, Shelf};
use crate::graph::SamplerDesc;
use crate::shader::Program;

/// What the graphs of a device share, kind by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedObjects {
    /// Samplers.
    pub samplers: Sharing,
    /// Layouts of descriptor sets.
    pub set_layouts: Sharing,
    /// Layouts of pipelines.
    pub pipeline_layouts: Sharing,
    /// Shader modules.
    pub shader_modules: Sharing,
    /// Pipelines of all kinds.
    pub pipelines: Sharing,
}

impl Device {
    /// What the graphs of this device share: an object is made once for each description, by whoever asks first.
    pub fn shared_objects(&self) -> SharedObjects {
        let objects = self.objects();
        SharedObjects {
            samplers: objects.samplers.statistics(),
            set_layouts: objects.set_layouts.statistics(),
            pipeline_layouts: objects.pipeline_layouts.statistics(),
            shader_modules: objects.modules.statistics(),
            pipelines: objects.pipelines.statistics(),
        }
    }

    /// Destroys the shared objects that no compiled graph uses, and returns how many that were. They would else be kept for graphs to
    /// come.
    pub fn forget_unused_objects(&self) -> u64 {
        let objects = self.objects();
        // Each before what it is made of.
        objects.pipelines.forget_unused()
            + objects.modules.forget_unused()
            + objects.pipeline_layouts.forget_unused()
            + objects.set_layouts.forget_unused()
            + objects.samplers.forget_unused()
    }

    pub(crate) fn objects(&self) -> &Objects {
        self.kept(Objects::new)
    }
}

/// One shelf for each kind.
pub(crate) struct Objects {
    samplers: Shelf<SamplerDesc, Owned<vk::Sampler>>,
    set_layouts: Shelf<Vec<SetBinding>, SetLayout>,
    pipeline_layouts: Shelf<LayoutKey, Layout>,
    /// By their code.
    modules: Shelf<&'static [u8], Owned<vk::ShaderModule>>,
    pub pipelines: Shelf<PipelineKey, Owned<vk::Pipeline>>,
}

/// A binding of a descriptor set.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SetBinding {
    pub binding: u32,
    pub descriptor: vk::DescriptorType,
    pub count: u32,
    pub stages: vk::ShaderStageFlags,
    pub flags: vk::DescriptorBindingFlags,
    /// An immutable one.
    pub sampler: Option<SamplerDesc>,
}

/// Descriptor sets by their numbers, and push constants.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct LayoutKey {
    pub sets: Vec<Vec<SetBinding>>,
    /// Stages and bytes.
    pub push: Option<(vk::ShaderStageFlags, u32)>,
}

/// Everything that a pipeline is made of.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PipelineKey {
    pub program: Program,
    pub layout: LayoutKey,
    /// Which of the node's slots are vertex buffers.
    pub vertex_slots: Vec<u32>,
    pub spec: Vec<u8>,
    pub colors: Vec<vk::Format>,
    pub depth: vk::Format,
}

struct SetLayout {
    layout: Owned<vk::DescriptorSetLayout>,
    // A layout may be used for as long as its immutable samplers live.
    _samplers: Vec<Arc<Owned<vk::Sampler>>>,
}

/// A pipeline layout with those of its sets.
pub(crate) struct Layout {
    layout: Owned<vk::PipelineLayout>,
    sets: Vec<Arc<SetLayout>>,
}

impl Layout {
    pub fn get(&self) -> vk::PipelineLayout {
        self.layout.get()
    }

    /// The layouts of its sets, by set number.
    pub fn sets(&self) -> impl Iterator<Item = vk::DescriptorSetLayout> {
        self.sets.iter().map(|set| set.layout.get())
    }
}

impl Objects {
    fn new() -> Self {
        Self {
            samplers: Shelf::new(),
            set_layouts: Shelf::new(),
            pipeline_layouts: Shelf::new(),
            modules: Shelf::new(),
            pipelines: Shelf::new(),
        }
    }

    /// The layout of a pipeline, whose bindings fit shaders and limits, as the macro and compile have seen to.
    pub fn layout(&self, device: &Device, key: &LayoutKey) -> Result<Arc<Layout>, DeviceError> {
        self.pipeline_layouts.get_or_make(key.clone(), || {
            let sets =
                key.sets.iter().map(|bindings| self.set_layout(device, bindings)).collect::<Result<Vec<_>, _>>()?;
            let raw: Vec<_> = sets.iter().map(|set| set.layout.get()).collect();
            let push = key.push.map(|(stage_flags, size)| vk::PushConstantRange { stage_flags, offset: 0, size });
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&raw).push_constant_ranges(push.as_slice());
            // SAFETY: the device is alive, and so are the set layouts.
            let layout = unsafe { device.raw().create_pipeline_layout(&info, device.callbacks()) }
                .map_err(DeviceError::vulkan("vkCreatePipelineLayout"))?;
            Ok(Layout { layout: Owned::new(device, layout), sets })
        })
    }

    fn set_layout(&self, device: &Device, bindings: &[SetBinding]) -> Result<Arc<SetLayout>, DeviceError> {
        self.set_layouts.get_or_make(bindings.to_vec(), || {
            let mut samplers = Vec::new();
            let mut immutable = Vec::with_capacity(bindings.len());
            for binding in bindings {
                let sampler = binding.sampler.map(|desc| self.sampler(device, desc)).transpose()?;
                let count = binding.count as usize;
                immutable.push(sampler.as_ref().map_or_else(Vec::new, |sampler| vec![sampler.get(); count]));
                samplers.extend(sampler);
            }
            let described: Vec<_> = bindings
                .iter()
                .zip(&immutable)
                .map(|(binding, samplers)| {
                    let layout = vk::DescriptorSetLayoutBinding::default()
                        .binding(binding.binding)
                        .descriptor_type(binding.descriptor)
                        .descriptor_count(binding.count)
                        .stage_flags(binding.stages);
                    if samplers.is_empty() { layout } else { layout.immutable_samplers(samplers) }
                })
                .collect();
            let flags: Vec<_> = bindings.iter().map(|binding| binding.flags).collect();
            let mut flags = vk::DescriptorSetLayoutBindingFlagsCreateInfo::default().binding_flags(&flags);
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&described).push_next(&mut flags);
            // SAFETY: the device is alive, and so are the samplers; `layout`'s callers have seen to it that the bindings serve.
            let layout = unsafe { device.raw().create_descriptor_set_layout(&info, device.callbacks()) }
                .map_err(DeviceError::vulkan("vkCreateDescriptorSetLayout"))?;
            Ok(SetLayout { layout: Owned::new(device, layout), _samplers: samplers })
        })
    }

    fn sampler(&self, device: &Device, desc: SamplerDesc) -> Result<Arc<Owned<vk::Sampler>>, DeviceError> {
        self.samplers.get_or_make(desc, || {
            let (filter, mode) = if desc.linear {
                (vk::Filter::LINEAR, vk::SamplerMipmapMode::LINEAR)
            } else {
                (vk::Filter::NEAREST, vk::SamplerMipmapMode::NEAREST)
            };
            let info = vk::SamplerCreateInfo::default()
                .mag_filter(filter)
                .min_filter(filter)
                .mipmap_mode(mode)
                .address_mode_u(desc.address)
                .address_mode_v(desc.address)
                .address_mode_w(desc.address)
                .compare_enable(desc.compare.is_some())
                .compare_op(desc.compare.unwrap_or(vk::CompareOp::NEVER))
                .max_lod(vk::LOD_CLAMP_NONE);
            // SAFETY: the device is alive and the description uses core values only.
            let sampler = unsafe { device.raw().create_sampler(&info, device.callbacks()) }
                .map_err(DeviceError::vulkan("vkCreateSampler"))?;
            Ok(Owned::new(device, sampler))
        })
    }

    /// The module of a shader that a program was built with.
    pub fn module(
        &self,
        device: &Device,
        code: &'static [u8],
        path: &str,
    ) -> Result<Arc<Owned<vk::ShaderModule>>, DeviceError> {
        self.modules.get_or_make(code, || shader_module(device, code, path))
    }
}

/// A module of SPIR-V that was reflected, while compiling or reloading.
pub(crate) fn shader_module(device: &Device, code: &[u8], path: &str) -> Result<Owned<vk::ShaderModule>, DeviceError> {
    let words: Vec<u32> = code.as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    let info = vk::ShaderModuleCreateInfo::default().code(&words);
    // SAFETY: the device is alive; the code is SPIR-V, as the caller says.
    let module = unsafe { device.raw().create_shader_module(&info, device.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreateShaderModule"))?;
    device.set_name(module, path);
    Ok(Owned::new(device, module))
}
