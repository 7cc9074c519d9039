//! The pipelines of a graph's nodes: looked up among the device's [`objects`] or made there, at compile.

mod graphics;
pub(super) mod modules;
pub(super) mod objects;
mod ray_tracing;
pub(super) mod shelf;

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Arc;

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
#[cfg(feature = "hot-reload")]
use crate::frame::pipeline::modules::Module;
use crate::frame::pipeline::modules::Modules;
use crate::frame::pipeline::objects::{Layout, LayoutKey, PipelineKey, SetBinding, shader_module};
use crate::frame::pipeline::ray_tracing::BindingTables;
use crate::graph::{BindingDeclaration, CompileError, NodeDeclaration, SlotDeclaration, SlotShape};
use crate::shader::{Program, ProgramKind, ShaderStage};

/// One of a node's pipelines; `#[node]` makes a constant for each that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PipelineIndex(pub u32);

/// Everything that binding a node's shaders needs.
pub(crate) struct NodePipelines {
    layout: vk::PipelineLayout,
    /// What the handle belongs to. Pipelines of reloaded shaders have the layout of those before, for which the nodes'
    /// descriptor sets were made.
    owner: Option<Arc<Layout>>,
    pipelines: Vec<BuiltPipeline>,
    /// The first of them, which every recording begins with; null without one.
    first: vk::Pipeline,
    push_stages: vk::ShaderStageFlags,
}

/// One pipeline and what dispatching it needs to know.
struct BuiltPipeline {
    handle: vk::Pipeline,
    _owner: Arc<Owned<vk::Pipeline>>,
    kind: ProgramKind,
    tables: Option<BindingTables>,
}

impl NodePipelines {
    /// For nodes without shaders.
    const NONE: Self = Self {
        layout: vk::PipelineLayout::null(),
        owner: None,
        pipelines: Vec::new(),
        first: vk::Pipeline::null(),
        push_stages: vk::ShaderStageFlags::empty(),
    };

    #[inline]
    pub fn layout(&self) -> vk::PipelineLayout {
        self.layout
    }

    #[inline]
    pub fn first(&self) -> vk::Pipeline {
        self.first
    }

    #[inline]
    pub fn pipeline(&self, index: PipelineIndex) -> vk::Pipeline {
        self.pipelines[index.0 as usize].handle
    }

    #[inline]
    pub fn kind(&self, index: PipelineIndex) -> ProgramKind {
        self.pipelines[index.0 as usize].kind
    }

    #[inline]
    pub fn push_stages(&self) -> vk::ShaderStageFlags {
        self.push_stages
    }

    /// The shader binding tables of a ray-tracing pipeline.
    pub fn binding_tables(&self, index: PipelineIndex) -> Option<&BindingTables> {
        self.pipelines[index.0 as usize].tables.as_ref()
    }

    /// Whether there is a pipeline of this index. The other methods ask for one that there is.
    #[inline]
    pub fn has(&self, index: PipelineIndex) -> bool {
        (index.0 as usize) < self.pipelines.len()
    }

    /// How many there are.
    #[cfg(feature = "hot-reload")]
    pub fn count(&self) -> u32 {
        self.pipelines.len() as u32
    }

    /// The layouts of the node's descriptor sets, by set number.
    pub fn set_layouts(&self) -> impl Iterator<Item = vk::DescriptorSetLayout> {
        self.owner.iter().flat_map(|layout| layout.sets())
    }
}

/// What makes two nodes share their pipelines.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    /// Address of the declaration: equal addresses mean equal declarations.
    declaration: usize,
    spec: Vec<u8>,
    colors: Vec<vk::Format>,
    depth: vk::Format,
}

/// What nodes share.
struct Built {
    /// The node type.
    #[cfg_attr(
        not(feature = "hot-reload"),
        expect(dead_code, reason = "only reloading makes pipelines a second time")
    )]
    declaration: &'static NodeDeclaration,
    pipelines: Arc<NodePipelines>,
}

#[cfg(feature = "hot-reload")]
impl Built {
    /// Whether a file's module is one of theirs.
    fn runs(&self, file: &str) -> bool {
        let mut stages = self.declaration.programs.iter().flat_map(|program| program.stages);
        stages.any(|stage| stage.file == Some(file))
    }
}

/// The pipelines of a graph: nodes of one type share theirs without a look at its shaders.
pub(crate) struct Pipelines {
    device: Device,
    modules: Modules,
    built: HashMap<Key, Built>,
    none: Arc<NodePipelines>,
}

/// The formats of a graphics node's attachments.
#[derive(Default)]
pub(crate) struct AttachmentFormats {
    pub colors: Vec<vk::Format>,
    pub depth: vk::Format,
}

impl Pipelines {
    pub fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            modules: Modules::default(),
            built: HashMap::new(),
            none: Arc::new(NodePipelines::NONE),
        }
    }

    /// Lets go of what no node uses any more. The GPU is idle.
    pub fn clear(&mut self) {
        self.built.clear();
    }

    /// The pipelines of a node.
    pub fn pipelines(
        &mut self,
        declaration: &'static NodeDeclaration,
        spec: &[u8],
        formats: AttachmentFormats,
    ) -> Result<Arc<NodePipelines>, CompileError> {
        if declaration.programs.is_empty() {
            return Ok(Arc::clone(&self.none));
        }
        let key = Key {
            declaration: std::ptr::from_ref(declaration) as usize,
            spec: spec.to_vec(),
            colors: formats.colors.clone(),
            depth: formats.depth,
        };
        if let Some(built) = self.built.get(&key) {
            return Ok(Arc::clone(&built.pipelines));
        }
        let layout = self.device.objects().layout(&self.device, &layout_key(declaration))?;
        let pipelines = Arc::new(self.build(declaration, spec, &formats, layout)?);
        self.built.insert(key, Built { declaration, pipelines: Arc::clone(&pipelines) });
        Ok(pipelines)
    }

    /// The modules that pipelines are made of.
    #[cfg(feature = "hot-reload")]
    pub fn modules(&self) -> &Modules {
        &self.modules
    }

    /// Puts another module in the place of a file's, and makes all pipelines anew that it is part of. Gives each node's before
    /// and after. When this fails nothing has changed.
    #[cfg(feature = "hot-reload")]
    pub fn replace(
        &mut self,
        file: &'static str,
        module: Module,
    ) -> Result<Vec<(Arc<NodePipelines>, Arc<NodePipelines>)>, CompileError> {
        let before = self.modules.replace(file, Some(module));
        let rebuilt = self.built.iter().filter(|(_, built)| built.runs(file)).map(|(key, built)| {
            let formats = AttachmentFormats { colors: key.colors.clone(), depth: key.depth };
            let layout = built.pipelines.owner.clone().expect("nodes with shaders have a layout");
            let after = Arc::new(self.build(built.declaration, &key.spec, &formats, layout)?);
            Ok((Arc::clone(&built.pipelines), after))
        });
        let rebuilt: Vec<_> = match rebuilt.collect() {
            Ok(rebuilt) => rebuilt,
            Err(error) => {
                self.modules.replace(file, before);
                return Err(error);
            }
        };
        for built in self.built.values_mut() {
            if let Some((_, after)) = rebuilt.iter().find(|(before, _)| Arc::ptr_eq(before, &built.pipelines)) {
                built.pipelines = Arc::clone(after);
            }
        }
        Ok(rebuilt)
    }

    fn build(
        &self,
        declaration: &NodeDeclaration,
        spec: &[u8],
        formats: &AttachmentFormats,
        owner: Arc<Layout>,
    ) -> Result<NodePipelines, CompileError> {
        let layout = owner.get();
        let mut pipelines = Vec::with_capacity(declaration.programs.len());
        for program in declaration.programs {
            let make = || {
                let pipeline = self.pipeline(declaration, program, spec, formats, layout)?;
                self.device.set_name(pipeline.get(), declaration.name);
                Ok::<_, DeviceError>(pipeline)
            };
            // What was reloaded is this graph's alone.
            let pipeline = if self.modules.are_original(program) {
                let key = PipelineKey {
                    program: *program,
                    layout: layout_key(declaration),
                    vertex_slots: graphics::vertex_slots(declaration).collect(),
                    spec: spec.to_vec(),
                    colors: formats.colors.clone(),
                    depth: formats.depth,
                };
                self.device.objects().pipelines.get_or_make(key, make)?
            } else {
                Arc::new(make()?)
            };
            let tables = match program.kind {
                ProgramKind::RayTracing { misses, hit_groups, .. } => {
                    Some(BindingTables::new(&self.device, pipeline.get(), misses, hit_groups.len() as u32)?)
                }
                _ => None,
            };
            let kind = self.modules.kind(program, spec);
            pipelines.push(BuiltPipeline { handle: pipeline.get(), _owner: pipeline, kind, tables });
        }
        let push_stages = declaration.push.map_or(vk::ShaderStageFlags::empty(), |push| push.stages);
        let first = pipelines.first().map_or(vk::Pipeline::null(), |first| first.handle);
        Ok(NodePipelines { layout, owner: Some(owner), pipelines, first, push_stages })
    }

    fn pipeline(
        &self,
        declaration: &NodeDeclaration,
        program: &Program,
        spec: &[u8],
        formats: &AttachmentFormats,
        layout: vk::PipelineLayout,
    ) -> Result<Owned<vk::Pipeline>, DeviceError> {
        let mut stages = Stages::new(&self.device, &self.modules, program.stages, spec)?;
        let infos = stages.infos();
        match program.kind {
            ProgramKind::Compute { .. } => self.compute(infos[0], layout),
            ProgramKind::Graphics { .. } => {
                graphics::pipeline(&self.device, declaration, program, &infos, formats, layout)
            }
            ProgramKind::RayTracing { misses, hit_groups, max_depth } => {
                ray_tracing::pipeline(&self.device, &infos, misses, hit_groups, max_depth, layout)
            }
        }
    }

    fn compute(
        &self,
        stage: vk::PipelineShaderStageCreateInfo<'_>,
        layout: vk::PipelineLayout,
    ) -> Result<Owned<vk::Pipeline>, DeviceError> {
        let info = vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout);
        let cache = self.device.pipeline_cache();
        // SAFETY: the device, the cache, the shader module and the layout are alive; the macro checked layout against shader.
        let pipelines = unsafe { self.device.raw().create_compute_pipelines(*cache, &[info], self.device.callbacks()) };
        let pipelines = pipelines.map_err(|(_, result)| DeviceError::vulkan("vkCreateComputePipelines")(result))?;
        Ok(Owned::new(&self.device, pipelines[0]))
    }
}

/// The shader modules of a pipeline, alive while it is made, and their specialisation.
struct Stages<'s> {
    declared: &'s [ShaderStage],
    modules: Vec<Arc<Owned<vk::ShaderModule>>>,
    entries: Vec<CString>,
    entries_of_spec: Vec<Vec<vk::SpecializationMapEntry>>,
    specializations: Vec<vk::SpecializationInfo<'s>>,
    spec: &'s [u8],
}

impl<'s> Stages<'s> {
    fn new(
        device: &Device,
        sources: &Modules,
        declared: &'s [ShaderStage],
        spec: &'s [u8],
    ) -> Result<Self, DeviceError> {
        let mut modules = Vec::with_capacity(declared.len());
        let mut entries = Vec::with_capacity(declared.len());
        let mut entries_of_spec = Vec::with_capacity(declared.len());
        for stage in declared {
            modules.push(match sources.replaced(stage) {
                None => device.objects().module(device, stage.code, stage.path)?,
                Some(code) => Arc::new(shader_module(device, code, stage.path)?),
            });
            entries.push(CString::new(stage.entry).expect("SPIR-V strings end at their first zero byte"));
            let map = stage.spec.iter().map(|constant| vk::SpecializationMapEntry {
                constant_id: constant.id,
                offset: constant.offset,
                size: constant.size as usize,
            });
            entries_of_spec.push(map.collect());
        }
        Ok(Self { declared, modules, entries, entries_of_spec, specializations: Vec::new(), spec })
    }

    fn infos(&mut self) -> Vec<vk::PipelineShaderStageCreateInfo<'_>> {
        self.specializations = self
            .entries_of_spec
            .iter()
            .map(|map| vk::SpecializationInfo {
                map_entry_count: map.len() as u32,
                p_map_entries: map.as_ptr(),
                ..vk::SpecializationInfo::default().data(self.spec)
            })
            .collect();
        (self.declared.iter().zip(&self.modules))
            .zip(self.entries.iter().zip(&self.specializations))
            .map(|((stage, module), (entry, specialization))| {
                vk::PipelineShaderStageCreateInfo::default()
                    .stage(stage.stage)
                    .module(module.get())
                    .name(entry)
                    .specialization_info(specialization)
            })
            .collect()
    }
}

/// What a node's layout is made of: the bindings of its descriptor sets, with immutable samplers, and its push constants.
fn layout_key(declaration: &NodeDeclaration) -> LayoutKey {
    // An absent optional wire and the unused tail of a run-time array have no descriptor; the shader must not touch them.
    let partial = |slot: &SlotDeclaration| match slot.shape {
        SlotShape::Optional | SlotShape::Runtime(_) => vk::DescriptorBindingFlags::PARTIALLY_BOUND,
        SlotShape::One | SlotShape::Array(_) => vk::DescriptorBindingFlags::empty(),
    };
    let slots = declaration.slots.iter().filter_map(|slot| Some((slot.binding?, slot.sampler, partial(slot))));
    let samplers =
        declaration.samplers.iter().map(|slot| (slot.binding, Some(slot.sampler), vk::DescriptorBindingFlags::empty()));
    let mut sets: Vec<Vec<SetBinding>> = Vec::new();
    for (at, sampler, flags) in slots.chain(samplers) {
        let BindingDeclaration { set, binding, descriptor, count, stages } = at;
        sets.resize_with(sets.len().max(set as usize + 1), Vec::new);
        sets[set as usize].push(SetBinding { binding, descriptor, count, stages, flags, sampler });
    }
    // In the order of their numbers, so that the order of slots makes no difference.
    sets.iter_mut().for_each(|set| set.sort_by_key(|binding| binding.binding));
    LayoutKey { sets, push: declaration.push.map(|push| (push.stages, push.size)) }
}
