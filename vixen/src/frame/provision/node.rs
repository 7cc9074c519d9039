//! Nodes as the executor keeps them: resolved slots and descriptor sets for every variant.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use ash::vk;

use crate::bind::{Binder, Bound, DescriptorSlot};
use crate::device::Device;
use crate::frame::RecordContext;
use crate::frame::moment::{MAX_VARIANTS, Moment, Variants};
use crate::frame::pipeline::NodePipelines;
use crate::frame::provision::resources::Resources;
use crate::frame::validate::Wired;
use crate::graph::tables::{CallSite, DeclaredBinding, DeclaredNode};
use crate::graph::view::Resolved;
use crate::graph::{CompileError, NodeDeclaration, SlotEffect, SlotKind, SlotShape};
use crate::plan::{Condition, ResourceId};

/// A living node. With thousands of nodes recording waits for memory more than for anything else, so what it reads of one lies
/// together, most of it in one cache line, and everything that frames do not need behind `facts`.
#[repr(C, align(64))]
pub(crate) struct NodeRuntime {
    pub record: fn(&mut RecordContext<'_>),
    pub pipelines: Arc<NodePipelines>,
    /// When it runs.
    pub condition: Condition,
    places: Places,
    // Here ends the first cache line, but for the number of slots.
    pub data: Box<dyn Any + Send>,
    pub declaration: &'static NodeDeclaration,
    pub facts: Box<Facts>,
}

// Less where pointers are shorter.
const _: () = assert!(size_of::<NodeRuntime>() <= 128);

/// Where to find what a node records with.
#[repr(C)]
struct Places {
    /// What each binding is: variants × bindings.
    resolved: Box<[Resolved]>,
    /// Which of the variants in [`Gathered`] are its own.
    variant: u32,
    /// Where its slots, its push constants and its sets begin there.
    slots: u32,
    push: u32,
    sets: u32,
    /// How many bindings and descriptor sets each variant has.
    bindings: u32,
    sets_each: u16,
    /// How many bytes the push constants have.
    pushed: u16,
    slot_count: u32,
}

/// What nodes have of small things, side by side in the order in which they are recorded. It stays as compile made it.
#[derive(Default)]
pub(crate) struct Gathered {
    /// For each slot of a node, its first binding and the number of them. Nodes that are wired alike share them.
    slots: Vec<(u32, u32)>,
    known_slots: HashMap<Box<[(u32, u32)]>, u32>,
    push: Vec<u8>,
    /// Of each node, variants × sets.
    sets: Vec<vk::DescriptorSet>,
    /// All that some node has depended on so far, and which variant each means at the moment that was turned to.
    variants: Vec<Variants>,
    turned: Vec<u32>,
}

impl Gathered {
    /// Makes a moment the one whose variants nodes give.
    pub fn turn(&mut self, moment: &Moment) -> &Self {
        for (turned, variants) in self.turned.iter_mut().zip(&self.variants) {
            // What no node hangs on any more may lack the variant: a swapchain can come back with more images.
            *turned = variants.index(moment).min(variants.count() - 1) as u32;
        }
        self
    }

    fn add_variants(&mut self, variants: Variants) -> u32 {
        let known = self.variants.iter().position(|&known| known == variants);
        known.unwrap_or_else(|| {
            self.variants.push(variants);
            self.turned.push(0);
            self.turned.len() - 1
        }) as u32
    }

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
        let small = |count: usize| u16::try_from(count).expect("`#[node]` allows 128 bytes, and few sets");
        let (push, pushed) = (gathered.push.len() as u32, small(node.push.len()));
        gathered.push.extend(node.push);
        let (name, at, bindings) = (node.name, node.at, node.bindings);
        Self {
            declaration: node.declaration,
            data: node.data,
            record: node.record,
            places: Places {
                resolved: Box::default(),
                variant: gathered.add_variants(Variants::ONE),
                slots: gathered.add_slots(slots),
                push,
                sets: 0,
                bindings: bindings.len() as u32,
                sets_each: small(pipelines.set_layouts().count()),
                pushed,
                slot_count: node.declaration.slots.len() as u32,
            },
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

    /// How many variants it needs, from what it touches.
    pub fn count_variants(
        &mut self,
        gathered: &mut Gathered,
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
        self.facts.variants = variants;
        self.places.variant = gathered.add_variants(variants);
    }

    /// Looks up what each binding is in each variant.
    pub fn resolve(&mut self, resources: &mut Resources, layouts: &[vk::ImageLayout]) -> Result<(), CompileError> {
        if self.facts.variants.wanted() > MAX_VARIANTS {
            return Err(CompileError::Unsupported {
                what: format!("node `{}`", self.facts.name),
                at: self.facts.at,
                problem: "hangs on too many switches and histories at once; select wires before they reach it, or use fewer switches",
            });
        }
        let facts = &self.facts;
        let mut all = Vec::with_capacity(facts.variants.count() * facts.bindings.len());
        for variant in 0..facts.variants.count() {
            let moment = facts.variants.moment(variant);
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
        self.places.resolved = all.into();
        Ok(())
    }

    /// It as it is at the moment that was turned to.
    ///
    /// # Safety
    /// The node is one of those that added to `gathered`.
    #[inline]
    pub unsafe fn now<'n>(&'n self, gathered: &'n Gathered) -> NodeNow<'n> {
        // SAFETY: the caller's.
        unsafe { NodeNow::new(&self.places, gathered) }
    }

    /// The same, and its data.
    ///
    /// # Safety
    /// As for [`now`](Self::now).
    pub unsafe fn now_and_data<'n>(&'n mut self, gathered: &'n Gathered) -> (NodeNow<'n>, &'n mut (dyn Any + Send)) {
        // SAFETY: the caller's.
        let now = unsafe { NodeNow::new(&self.places, gathered) };
        (now, &mut *self.data)
    }

    /// Has the processor fetch what recording reads of it in a box: with thousands of nodes no cache holds it, and the driver is busy
    /// with the node before.
    ///
    /// # Safety
    /// As for [`now`](Self::now).
    #[inline]
    pub unsafe fn fetch_ahead(&self, gathered: &Gathered) {
        // SAFETY: the caller's.
        let resolved = unsafe { self.now(gathered) }.resolved();
        #[cfg(target_arch = "x86_64")]
        // SAFETY: SSE is part of x86-64, and to prefetch an address neither reads nor writes memory, whatever it is.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(resolved.as_ptr().cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = resolved;
    }

    /// Writes the descriptors of every variant that do not point to what was resolved.
    pub fn write_descriptors(&mut self, gathered: &Gathered, device: &Device) {
        let Facts { binder, variants, .. } = &mut *self.facts;
        assert_eq!(
            binder.all_sets().len(),
            variants.count() * usize::from(self.places.sets_each),
            "each variant has its sets"
        );
        if binder.all_sets().is_empty() {
            return;
        }
        let bindings = self.places.bindings as usize;
        let bound_slots = || {
            let slots = self.declaration.slots.iter().zip(&gathered.slots[self.places.slots as usize..]);
            slots.filter_map(|(slot, &range)| Some((slot.binding?.descriptor, range))).enumerate()
        };
        for variant in 0..variants.count() {
            let resolved = &self.places.resolved[variant * bindings..(variant + 1) * bindings];
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

    /// Gives it its descriptor sets, variant after variant.
    pub fn take_sets(&mut self, sets: Vec<vk::DescriptorSet>, gathered: &mut Gathered) {
        self.places.sets = gathered.sets.len() as u32;
        gathered.sets.extend_from_slice(&sets);
        self.facts.binder.give_sets(sets, self.facts.variants.count());
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

/// A node as it is at a moment. What it has is looked up when it is asked for: recording asks for one thing after the other, with
/// calls of the driver between them.
#[derive(Clone, Copy)]
pub(crate) struct NodeNow<'n> {
    places: &'n Places,
    gathered: &'n Gathered,
    /// One that there is: `turn` has seen that.
    variant: usize,
}

impl<'n> NodeNow<'n> {
    /// # Safety
    /// `places` say where a node has added to `gathered`.
    #[inline]
    unsafe fn new(places: &'n Places, gathered: &'n Gathered) -> Self {
        // SAFETY: the node has added its variants, and nothing is ever taken out of what is gathered.
        let variant = unsafe { *gathered.turned.get_unchecked(places.variant as usize) };
        Self { places, gathered, variant: variant as usize }
    }

    /// For each slot, its first binding and the number of them.
    #[inline]
    pub fn slots(&self) -> &'n [(u32, u32)] {
        let first = self.places.slots as usize;
        // SAFETY: `NodeRuntime::new` has added so many, and nothing is ever taken out again.
        unsafe { self.gathered.slots.get_unchecked(first..first + self.places.slot_count as usize) }
    }

    /// What each binding is.
    #[inline]
    pub fn resolved(&self) -> &'n [Resolved] {
        let bindings = self.places.bindings as usize;
        let first = self.variant * bindings;
        // SAFETY: `resolve` makes so many for each variant that `count_variants` counts; where it failed no frame runs until a
        // recompile has called it again.
        unsafe { self.places.resolved.get_unchecked(first..first + bindings) }
    }

    /// Its descriptor sets.
    #[inline]
    pub fn sets(&self) -> &'n [vk::DescriptorSet] {
        let each = usize::from(self.places.sets_each);
        let first = self.places.sets as usize + self.variant * each;
        // SAFETY: `allocate_sets` has added so many for each variant, which `write_descriptors` has seen of those that there are
        // now, and nothing is ever taken out again.
        unsafe { self.gathered.sets.get_unchecked(first..first + each) }
    }

    /// Its push constants.
    #[inline]
    pub fn push(&self) -> &'n [u8] {
        let first = self.places.push as usize;
        // SAFETY: `NodeRuntime::new` has added so many, and nothing is ever taken out again.
        unsafe { self.gathered.push.get_unchecked(first..first + usize::from(self.places.pushed)) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::moment::MAX_OUTPUTS;

    #[test]
    fn whatever_the_moment_there_is_such_a_variant() {
        let mut gathered = Gathered::default();
        let before = Variants { images: 3, ..Variants::ONE };
        let all = [Variants::ONE, before, Variants { images: 4, ..before }, Variants { slots: 2, ..Variants::ONE }];
        assert_eq!(all.map(|variants| gathered.add_variants(variants)), [0, 1, 2, 3]);
        assert_eq!(gathered.add_variants(before), 1, "nodes that hang on the same share it");
        let images = [3; MAX_OUTPUTS];
        gathered.turn(&Moment { slot: 1, images, ..Moment::default() });
        assert_eq!(gathered.turned, [0, 2, 3, 1]);
    }
}
