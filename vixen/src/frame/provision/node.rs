//! Nodes as the executor keeps them.

use std::any::Any;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use ash::vk;

use crate::bind::{Binder, Bound, DescriptorSlot};
use crate::device::Device;
use crate::frame::RecordContext;
use crate::frame::moment::{MAX_VARIANTS, Variants};
use crate::frame::pipeline::NodePipelines;
use crate::frame::provision::gathered::{Gathered, NodeNow, Places};
use crate::frame::provision::resources::Resources;
use crate::frame::validate::Wired;
use crate::graph::tables::{CallSite, DeclaredBinding, DeclaredNode};
use crate::graph::view::Resolved;
use crate::graph::{CompileError, NodeDeclaration, SlotEffect, SlotKind, SlotShape};
use crate::plan::{Condition, ResourceId};

/// A living node. What recording reads of it lies in one cache line, but for what depends on its kind; everything that frames do
/// not need is behind `facts`.
#[repr(C, align(64))]
pub(crate) struct NodeRuntime {
    pub record: fn(&mut RecordContext<'_>),
    pub pipelines: Arc<NodePipelines>,
    /// When it runs.
    pub condition: Condition,
    places: Places,
    pub data: Box<dyn Any + Send>,
    pub declaration: &'static NodeDeclaration,
    pub facts: Box<Facts>,
}

// Less where pointers are shorter.
const _: () = assert!(size_of::<NodeRuntime>() <= 128);

/// What frames do not need of a node.
pub(crate) struct Facts {
    /// Its index among the living nodes.
    pub index: u32,
    pub name: String,
    /// The same for debuggers.
    label: CString,
    pub at: CallSite,
    pub variants: Variants,
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
        index: u32,
        node: DeclaredNode,
        first_access: u32,
        pipelines: Arc<NodePipelines>,
        condition: Condition,
    ) -> Self {
        let slots = (0..).zip(node.declaration.slots).map(|(index, slot)| {
            let first = node.bindings.iter().position(|binding| binding.slot == index).unwrap_or(0) as u32;
            let count = node.bindings.iter().filter(|binding| binding.slot == index).count() as u32;
            assert!(slot.shape != SlotShape::One || count == 1, "`wire` registers one wire for a slot of one");
            (first, count)
        });
        let slots = slots.collect();
        let bound = node.declaration.slots.iter().filter_map(|slot| {
            let (name, binding) = (slot.name, slot.binding?);
            Some(DescriptorSlot { name, binding })
        });
        let binder = Binder::new(bound);
        let label = CString::new(node.name.replace('\0', "")).expect("zero bytes were removed");
        let (name, at, bindings) = (node.name, node.at, node.bindings);
        Self {
            declaration: node.declaration,
            data: node.data,
            record: node.record,
            places: gathered.add(slots, &node.push, bindings.len(), pipelines.set_layouts().count()),
            pipelines,
            condition,
            facts: Box::new(Facts { index, name, label, at, variants: Variants::ONE, bindings, first_access, binder }),
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

    /// Which variants it needs, from what it touches: it is to be arranged then.
    ///
    /// # Errors
    /// When there would be too many.
    pub fn find_variants(
        &mut self,
        resources: &Resources,
        frame_slots: u32,
        images: impl Fn(ResourceId) -> (u32, u32),
    ) -> Result<(), CompileError> {
        let mut variants = Variants::ONE;
        for part in self.facts.bindings.iter().flat_map(|binding| &binding.parts) {
            variants.switches |= part.condition.mask;
            if let Some(physical) = resources.get(part.resource) {
                variants.touch(physical.residency, frame_slots, images(part.resource));
            }
        }
        if variants.wanted() > MAX_VARIANTS {
            return Err(CompileError::Unsupported {
                what: format!("node `{}`", self.facts.name),
                at: self.facts.at,
                problem: "depends on too many switches and histories at once; select wires before they reach it, or use fewer switches",
            });
        }
        self.facts.variants = variants;
        Ok(())
    }

    /// Looks up what each binding is in each variant. It was arranged.
    pub fn resolve(
        &self,
        gathered: &mut Gathered,
        resources: &mut Resources,
        layouts: &[vk::ImageLayout],
    ) -> Result<(), CompileError> {
        let facts = &self.facts;
        for variant in 0..facts.variants.count() {
            let moment = facts.variants.moment(variant);
            let mut access = facts.first_access as usize;
            let all = gathered.resolved_mut(&self.places, variant);
            for (resolved, binding) in all.iter_mut().zip(&facts.bindings) {
                let slot = &self.declaration.slots[binding.slot as usize];
                let view = matches!(slot.kind, SlotKind::Color | SlotKind::Depth) || slot.binding.is_some();
                // The alternative for this state of the switches. Where a state excludes all of them the node does not run.
                let chosen = binding.parts.iter().position(|part| part.condition.holds(moment.switches)).unwrap_or(0);
                let layout = layouts.get(access + chosen).copied().unwrap_or(vk::ImageLayout::UNDEFINED);
                *resolved = match binding.parts.get(chosen) {
                    Some(part) => resources.resolve(part, &moment, layout, view)?,
                    None => Resolved::default(),
                };
                resolved.written = slot.effect != SlotEffect::Read;
                resolved.indirect = slot.kind == SlotKind::Indirect;
                access += binding.parts.len();
            }
        }
        Ok(())
    }

    /// It as it is at the moment that was turned to.
    ///
    /// # Safety
    /// The node is one of those that added to `gathered`, and was arranged.
    #[inline]
    pub unsafe fn now<'n>(&'n self, gathered: &'n Gathered) -> NodeNow<'n> {
        // SAFETY: the caller's.
        unsafe { gathered.now(&self.places) }
    }

    /// The same, and its data.
    ///
    /// # Safety
    /// As for [`now`](Self::now).
    pub unsafe fn now_and_data<'n>(&'n mut self, gathered: &'n Gathered) -> (NodeNow<'n>, &'n mut (dyn Any + Send)) {
        // SAFETY: the caller's.
        let now = unsafe { gathered.now(&self.places) };
        (now, &mut *self.data)
    }

    /// Writes the descriptors of every variant that do not point to what was resolved.
    pub fn write_descriptors(&mut self, gathered: &Gathered, device: &Device) {
        let sets_each = self.pipelines.set_layouts().count();
        let Facts { binder, variants, .. } = &mut *self.facts;
        assert_eq!(binder.all_sets().len(), variants.count() * sets_each, "each variant has its sets");
        if binder.all_sets().is_empty() {
            return;
        }
        let bound_slots = || {
            let slots = self.declaration.slots.iter().zip(gathered.slots(&self.places));
            slots.filter_map(|(slot, &range)| Some((slot.binding?.descriptor, range))).enumerate()
        };
        for variant in 0..variants.count() {
            let resolved = gathered.resolved(&self.places, variant);
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

    /// Gives it the descriptor sets of a variant. It was arranged.
    pub fn give_sets(&self, sets: &[vk::DescriptorSet], variant: usize, gathered: &mut Gathered) {
        gathered.sets_mut(&self.places, variant).copy_from_slice(sets);
    }

    /// Takes the sets that it was given as those to bind something in.
    pub fn bind_sets(&mut self, gathered: &Gathered) {
        let Facts { binder, variants, .. } = &mut *self.facts;
        let all = (0..variants.count()).flat_map(|variant| gathered.sets(&self.places, variant));
        binder.give_sets(all.copied().collect(), variants.count());
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

/// Arranges what nodes have by the variants that they need.
pub(crate) fn arrange(nodes: &mut [NodeRuntime], gathered: &mut Gathered) {
    let mut nodes: Vec<_> = nodes.iter_mut().map(|node| (&mut node.places, node.facts.variants)).collect();
    gathered.arrange(&mut nodes);
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
