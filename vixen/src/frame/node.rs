//! Nodes as the executor keeps them: resolved slots and descriptor sets for every variant.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use ash::vk;

use crate::bind::{Binder, Bound, DescriptorSlot};
use crate::device::{Device, DeviceError};
use crate::frame::RecordContext;
use crate::frame::moment::{MAX_VARIANTS, Moment, Variants};
use crate::frame::owned::Owned;
use crate::frame::physical::Resources;
use crate::frame::pipeline::NodePipelines;
use crate::frame::validate::Wired;
use crate::graph::tables::{CallSite, Declared, DeclaredBinding, DeclaredNode};
use crate::graph::view::Resolved;
use crate::graph::{CompileError, NodeDeclaration, SlotEffect, SlotKind};
use crate::plan::{Condition, ResourceId};

/// A living node. With thousands of nodes recording waits for memory more than for anything else, so what it reads of one lies
/// together, in two cache lines, and everything else behind `facts`.
#[repr(C, align(64))]
pub(crate) struct NodeRuntime {
    pub record: fn(&mut RecordContext<'_>),
    pub data: Box<dyn Any + Send>,
    pub declaration: &'static NodeDeclaration,
    pub pipelines: Arc<NodePipelines>,
    /// When it runs.
    pub condition: Condition,
    pub variants: Variants,
    /// How many bindings and descriptor sets each variant has.
    each: (u32, u32),
    /// Where its slots, its push constants and its sets begin in [`Gathered`], and how many bytes the push constants have.
    slots: u32,
    push: (u32, u32),
    sets: u32,
    /// What each binding is: variants × bindings.
    resolved: Box<[Resolved]>,
    pub facts: Box<Facts>,
}

const _: () = assert!(size_of::<NodeRuntime>() == 128);

/// What nodes have of small things, side by side in the order in which they are recorded. It stays as compile made it.
#[derive(Default)]
pub(crate) struct Gathered {
    /// For each slot of a node, its first binding and the number of them. Nodes that are wired alike share them.
    slots: Vec<(u32, u32)>,
    known_slots: HashMap<Box<[(u32, u32)]>, u32>,
    push: Vec<u8>,
    /// Of each node, variants × sets.
    sets: Vec<vk::DescriptorSet>,
}

impl Gathered {
    fn add_slots(&mut self, slots: Box<[(u32, u32)]>) -> u32 {
        let all = &mut self.slots;
        *self.known_slots.entry(slots).or_insert_with_key(|slots| {
            all.extend_from_slice(slots);
            (all.len() - slots.len()) as u32
        })
    }
}

/// What frames do not need of a node.
pub(crate) struct Facts {
    pub name: String,
    /// The same for debuggers.
    label: CString,
    pub at: CallSite,
    /// Its wires, in the order of slots and elements.
    pub bindings: Vec<DeclaredBinding>,
    /// Index of its first access in the plan's input.
    first_access: u32,
    /// Descriptor sets of every variant, and what they point to.
    binder: Binder,
}

impl NodeRuntime {
    /// It adds to `gathered`, and so do the nodes that are recorded after it.
    pub fn new(
        gathered: &mut Gathered,
        node: DeclaredNode,
        first_access: u32,
        pipelines: Arc<NodePipelines>,
        condition: Condition,
    ) -> Self {
        let slots = (0..node.declaration.slots.len() as u32)
            .map(|slot| {
                let first = node.bindings.iter().position(|binding| binding.slot == slot).unwrap_or(0) as u32;
                let count = node.bindings.iter().filter(|binding| binding.slot == slot).count() as u32;
                (first, count)
            })
            .collect();
        let bound = node.declaration.slots.iter().filter_map(|slot| {
            let (name, binding) = (slot.name, slot.binding?);
            Some(DescriptorSlot { name, binding })
        });
        let binder = Binder::new(bound);
        let label = CString::new(node.name.replace('\0', "")).expect("zero bytes were removed");
        let push = (gathered.push.len() as u32, node.push.len() as u32);
        gathered.push.extend(node.push);
        let (name, at, bindings) = (node.name, node.at, node.bindings);
        Self {
            declaration: node.declaration,
            data: node.data,
            record: node.record,
            each: (bindings.len() as u32, pipelines.set_layouts().count() as u32),
            pipelines,
            condition,
            variants: Variants::ONE,
            slots: gathered.add_slots(slots),
            push,
            sets: 0,
            resolved: Box::default(),
            facts: Box::new(Facts { name, label, at, bindings, first_access, binder }),
        }
    }

    /// What debuggers call its commands.
    pub fn label(&self) -> &CStr {
        &self.facts.label
    }

    /// Whether it touches a resource.
    pub fn touches(&self, which: impl Fn(ResourceId) -> bool) -> bool {
        self.facts.bindings.iter().flat_map(|binding| &binding.parts).any(|part| which(part.resource))
    }

    /// How many variants it needs, from what it touches.
    pub fn count_variants(
        &mut self,
        resources: &Resources,
        frame_slots: u32,
        images: impl Fn(ResourceId) -> (u32, u32),
    ) {
        let mut variants = Variants::ONE;
        for part in self.facts.bindings.iter().flat_map(|binding| &binding.parts) {
            variants.switches |= part.condition.mask;
            if let Some(physical) = resources.get(part.resource) {
                variants.touch(physical.residency, frame_slots, images(part.resource));
            }
        }
        self.variants = variants;
    }

    /// Looks up what each binding is in each variant.
    pub fn resolve(&mut self, resources: &mut Resources, layouts: &[vk::ImageLayout]) -> Result<(), CompileError> {
        if self.variants.wanted() > MAX_VARIANTS {
            return Err(CompileError::Unsupported {
                what: format!("node `{}`", self.facts.name),
                at: self.facts.at,
                problem: "hangs on too many switches and histories at once; select wires before they reach it, or use fewer switches",
            });
        }
        let facts = &self.facts;
        let mut all = Vec::with_capacity(self.variants.count() * facts.bindings.len());
        for variant in 0..self.variants.count() {
            let moment = self.variants.moment(variant);
            let mut access = facts.first_access as usize;
            for binding in &facts.bindings {
                let slot = &self.declaration.slots[binding.slot as usize];
                let view = matches!(slot.kind, SlotKind::Color | SlotKind::Depth) || slot.binding.is_some();
                // The alternative for this state of the switches. Where a state excludes all of them the node does not run.
                let chosen = binding.parts.iter().position(|part| part.condition.holds(moment.switches)).unwrap_or(0);
                let layout = layouts.get(access + chosen).copied().unwrap_or(vk::ImageLayout::UNDEFINED);
                let mut resolved = match binding.parts.get(chosen) {
                    Some(part) => resources.resolve(part, &moment, layout, view)?,
                    None => Resolved::default(),
                };
                resolved.written = slot.effect != SlotEffect::Read;
                resolved.indirect = slot.kind == SlotKind::Indirect;
                all.push(resolved);
                access += binding.parts.len();
            }
        }
        self.resolved = all.into();
        Ok(())
    }

    /// What its record function needs at a moment.
    // Returned through memory it would cost as much as all that it looks up.
    #[inline(always)]
    pub fn parts<'n>(&'n mut self, gathered: &'n Gathered, moment: &Moment) -> NodeParts<'n> {
        let (variant, (bindings, each)) = (self.variants.index(moment), self.each);
        let (bindings, each) = (bindings as usize, each as usize);
        let (push, pushed) = (self.push.0 as usize, self.push.1 as usize);
        NodeParts {
            slots: &gathered.slots[self.slots as usize..][..self.declaration.slots.len()],
            resolved: &self.resolved[variant * bindings..][..bindings],
            data: &mut *self.data,
            pipelines: &self.pipelines,
            sets: &gathered.sets[self.sets as usize + variant * each..][..each],
            push: &gathered.push[push..][..pushed],
        }
    }

    /// Writes the descriptors of every variant that do not point to what was resolved.
    pub fn write_descriptors(&mut self, gathered: &Gathered, device: &Device) {
        let binder = &mut self.facts.binder;
        if binder.all_sets().is_empty() {
            return;
        }
        let bindings = self.each.0 as usize;
        let bound_slots = || {
            let slots = self.declaration.slots.iter().zip(&gathered.slots[self.slots as usize..]);
            slots.filter_map(|(slot, &range)| Some((slot.binding?.descriptor, range))).enumerate()
        };
        for variant in 0..self.variants.count() {
            let resolved = &self.resolved[variant * bindings..(variant + 1) * bindings];
            for (slot, (descriptor, (first, count))) in bound_slots() {
                let bound: Vec<_> = resolved[first as usize..(first + count) as usize]
                    .iter()
                    .map(|resolved| (bound(descriptor, resolved), resolved.generation))
                    .collect();
                // SAFETY: sets and resources are alive and no pending command buffer uses the sets: they are new, or the
                // executor waited. It records again what binds them.
                unsafe { binder.bind(device, variant, slot, 0, &bound) }
                    .expect("the binder's slots are the node's, and the wiring checked how many wires each has");
            }
        }
    }

    /// How many descriptor sets all of its variants have together.
    pub fn sets(&self) -> usize {
        self.facts.binder.all_sets().len()
    }

    /// How many descriptors were written so far.
    pub fn descriptors_written(&self) -> u64 {
        self.facts.binder.rewritten()
    }
}

impl<'n> From<&'n NodeRuntime> for Wired<'n> {
    fn from(node: &'n NodeRuntime) -> Self {
        let facts = &node.facts;
        Self { name: &facts.name, at: facts.at, declaration: node.declaration, bindings: &facts.bindings }
    }
}

/// A node, taken apart so that its data can be borrowed mutably beside the rest.
pub(crate) struct NodeParts<'n> {
    pub slots: &'n [(u32, u32)],
    pub resolved: &'n [Resolved],
    pub data: &'n mut (dyn Any + Send),
    pub pipelines: &'n NodePipelines,
    pub sets: &'n [vk::DescriptorSet],
    pub push: &'n [u8],
}

/// Allocates what recording reads in boxes anew, node after node, so that it lies together.
pub(crate) fn gather(nodes: &mut [NodeRuntime]) {
    let resolved: Vec<_> = nodes.iter().map(|node| node.resolved.clone()).collect();
    for (node, resolved) in nodes.iter_mut().zip(resolved) {
        node.resolved = resolved;
    }
}

/// The pool of a graph's descriptor sets.
pub(crate) struct DescriptorPool {
    _pool: Option<Owned<vk::DescriptorPool>>,
    /// Sets that it has room for.
    pub sets: u32,
    /// Descriptors of all types that it has room for.
    pub descriptors: u32,
}

/// Allocates the descriptor sets of all nodes from one pool of exactly the size they need.
pub(crate) fn allocate_sets(
    device: &Device,
    nodes: &mut [NodeRuntime],
    gathered: &mut Gathered,
) -> Result<DescriptorPool, CompileError> {
    let mut sizes: Vec<vk::DescriptorPoolSize> = Vec::new();
    let mut sets = 0;
    for node in nodes.iter() {
        let variants = node.variants.count() as u32;
        sets += node.pipelines.set_layouts().count() as u32 * variants;
        let slots = node.declaration.slots.iter().filter_map(|slot| slot.binding);
        for binding in slots.chain(node.declaration.samplers.iter().map(|slot| slot.binding)) {
            match sizes.iter_mut().find(|size| size.ty == binding.descriptor) {
                Some(size) => size.descriptor_count += binding.count * variants,
                None => sizes.push(vk::DescriptorPoolSize {
                    ty: binding.descriptor,
                    descriptor_count: binding.count * variants,
                }),
            }
        }
    }
    let descriptors = sizes.iter().map(|size| size.descriptor_count).sum();
    if sets == 0 {
        return Ok(DescriptorPool { _pool: None, sets, descriptors });
    }
    let info = vk::DescriptorPoolCreateInfo::default().max_sets(sets).pool_sizes(&sizes);
    // SAFETY: the device is alive; there is at least one set.
    let pool = unsafe { device.raw().create_descriptor_pool(&info, device.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreateDescriptorPool"))?;
    let pool = Owned::new(device, pool);
    for node in nodes {
        let layouts: Vec<_> = node.pipelines.set_layouts().collect();
        if layouts.is_empty() {
            continue;
        }
        let mut sets = Vec::with_capacity(layouts.len() * node.variants.count());
        for _ in 0..node.variants.count() {
            let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool.get()).set_layouts(&layouts);
            // SAFETY: the pool is alive, was sized for exactly these sets, and is used by nobody else.
            let allocated = unsafe { device.raw().allocate_descriptor_sets(&info) }
                .map_err(DeviceError::vulkan("vkAllocateDescriptorSets"))?;
            sets.extend(allocated);
        }
        node.sets = gathered.sets.len() as u32;
        gathered.sets.extend_from_slice(&sets);
        node.facts.binder.give_sets(sets, node.variants.count());
    }
    Ok(DescriptorPool { _pool: Some(pool), sets, descriptors })
}

/// What a descriptor of a type points to.
fn bound(descriptor: vk::DescriptorType, resolved: &Resolved) -> Bound {
    match descriptor {
        vk::DescriptorType::UNIFORM_BUFFER | vk::DescriptorType::STORAGE_BUFFER => {
            Bound::Buffer(vk::DescriptorBufferInfo {
                buffer: resolved.buffer,
                offset: resolved.offset,
                range: resolved.size,
            })
        }
        vk::DescriptorType::ACCELERATION_STRUCTURE_KHR => Bound::AccelerationStructure(resolved.structure),
        _ => Bound::Image(vk::DescriptorImageInfo {
            sampler: vk::Sampler::null(),
            image_view: resolved.image_view,
            image_layout: resolved.layout,
        }),
    }
}

/// Buffer and image usage of every resource, from the slots of living nodes.
pub(crate) fn usages(declared: &Declared, alive: impl Fn(usize) -> bool) -> Vec<crate::frame::physical::Usages> {
    let mut usages = vec![crate::frame::physical::Usages::default(); declared.resources.len()];
    for (_, node) in declared.nodes.iter().enumerate().filter(|(index, _)| alive(*index)) {
        for binding in &node.bindings {
            let slot = &node.declaration.slots[binding.slot as usize];
            for part in &binding.parts {
                let usage = &mut usages[part.resource.0 as usize];
                usage.buffer |= crate::graph::usage::buffer_usage(slot);
                usage.image |= crate::graph::usage::image_usage(slot).0;
                usage.used = true;
            }
        }
    }
    for (usage, resource) in usages.iter_mut().zip(&declared.resources) {
        // What is looked at from outside may be copied; histories start out cleared.
        if resource.kept {
            usage.image |= vk::ImageUsageFlags::TRANSFER_SRC;
            usage.buffer |= vk::BufferUsageFlags::TRANSFER_SRC;
        }
        if matches!(resource.residency, crate::plan::Residency::History { .. }) {
            usage.image |= vk::ImageUsageFlags::TRANSFER_DST;
            usage.buffer |= vk::BufferUsageFlags::TRANSFER_DST;
        }
    }
    usages
}
