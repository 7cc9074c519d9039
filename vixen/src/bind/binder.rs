//! The binder: writes a descriptor only when the generation of what it points to has changed.

use std::fmt;

use arrayvec::ArrayVec;
use ash::vk;

use super::error::BindError;
use crate::device::Device;
use crate::graph::BindingDeclaration;
use crate::memory::ManagedBuffer;

/// Descriptors with a name: one binding of a set.
#[derive(Clone, Copy, Debug)]
pub struct DescriptorSlot {
    /// What it is called.
    pub name: &'static str,
    /// Where shaders find it.
    pub binding: BindingDeclaration,
}

/// Which descriptor slot: by its index, or by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKey<'n> {
    /// The slot of this index.
    Index(usize),
    /// The slot of this name.
    Name(&'n str),
}

impl From<usize> for SlotKey<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl<'n> From<&'n str> for SlotKey<'n> {
    fn from(name: &'n str) -> Self {
        Self::Name(name)
    }
}

/// What a descriptor points to.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// A part of a buffer.
    Buffer(vk::DescriptorBufferInfo),
    /// An image in a layout.
    Image(vk::DescriptorImageInfo),
    /// A top-level acceleration structure.
    AccelerationStructure(vk::AccelerationStructureKHR),
}

impl Bound {
    /// All of a managed buffer, with its generation.
    pub fn managed(buffer: &ManagedBuffer) -> (Self, u64) {
        let current = buffer.current();
        let info = vk::DescriptorBufferInfo { buffer: current.raw(), offset: 0, range: current.size() };
        (Self::Buffer(info), current.generation())
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Buffer(_) => "a buffer",
            Self::Image(_) => "an image",
            Self::AccelerationStructure(_) => "an acceleration structure",
        }
    }

    fn fits(&self, descriptor: vk::DescriptorType) -> bool {
        use vk::DescriptorType as Type;
        match self {
            Self::Buffer(_) => matches!(
                descriptor,
                Type::UNIFORM_BUFFER
                    | Type::STORAGE_BUFFER
                    | Type::UNIFORM_BUFFER_DYNAMIC
                    | Type::STORAGE_BUFFER_DYNAMIC
            ),
            Self::Image(_) => matches!(
                descriptor,
                Type::SAMPLED_IMAGE
                    | Type::STORAGE_IMAGE
                    | Type::COMBINED_IMAGE_SAMPLER
                    | Type::INPUT_ATTACHMENT
                    | Type::SAMPLER
            ),
            Self::AccelerationStructure(_) => descriptor == Type::ACCELERATION_STRUCTURE_KHR,
        }
    }
}

/// Descriptors of one write call, at most.
const BATCH: usize = 64;

/// The descriptor sets of a node, in one or several variants, and the generation of what each descriptor points to.
pub struct Binder {
    slots: Vec<Slot>,
    /// Variants × sets.
    sets: Vec<vk::DescriptorSet>,
    sets_each: usize,
    /// The generation that was written, 0 for none: variants × descriptors.
    written: Vec<u64>,
    descriptors_each: usize,
    rewritten: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    name: &'static str,
    binding: BindingDeclaration,
    /// Index of its first descriptor in `written`.
    first: usize,
}

impl Binder {
    /// A binder for these slots, which has no sets yet.
    pub fn new(slots: impl IntoIterator<Item = DescriptorSlot>) -> Self {
        let mut first = 0;
        let slots = slots
            .into_iter()
            .map(|DescriptorSlot { name, binding }| {
                let slot = Slot { name, binding, first };
                first += binding.count as usize;
                slot
            })
            .collect();
        Self { slots, sets: Vec::new(), sets_each: 0, written: Vec::new(), descriptors_each: first, rewritten: 0 }
    }

    /// Gives the binder its sets, in which nothing is bound yet: for each variant in turn, as many as the slots' set numbers need.
    ///
    /// # Panics
    /// When the number of sets is not the same for each variant, or too small.
    pub fn give_sets(&mut self, sets: Vec<vk::DescriptorSet>, variants: usize) {
        let needed = self.slots.iter().map(|slot| slot.binding.set as usize + 1).max().unwrap_or(0);
        assert!(
            variants > 0 && sets.len().is_multiple_of(variants) && sets.len() / variants >= needed,
            "{} sets for {variants} variants are not {needed} or more for each",
            sets.len()
        );
        self.sets_each = sets.len() / variants;
        self.sets = sets;
        self.written.clear();
        self.written.resize(variants * self.descriptors_each, 0);
    }

    /// The sets of a variant, by set number.
    pub fn sets(&self, variant: usize) -> &[vk::DescriptorSet] {
        &self.sets[variant * self.sets_each..(variant + 1) * self.sets_each]
    }

    /// All sets, of every variant.
    pub fn all_sets(&self) -> &[vk::DescriptorSet] {
        &self.sets
    }

    /// The index of a slot.
    ///
    /// # Errors
    /// When there is none of that name or index.
    pub fn slot<'n>(&self, key: impl Into<SlotKey<'n>>) -> Result<usize, BindError> {
        let count = self.slots.len();
        match key.into() {
            SlotKey::Index(index) if index < count => Ok(index),
            SlotKey::Index(index) => Err(BindError::NoSuchSlot { index, count }),
            SlotKey::Name(name) => self.slots.iter().position(|slot| slot.name == name).ok_or_else(|| {
                let known: Vec<&str> = self.slots.iter().map(|slot| slot.name).collect();
                BindError::NoSuchName { name: name.to_owned(), known: known.join(", ") }
            }),
        }
    }

    /// Points a slot's descriptors, from element `first` on, to resources of these generations. A descriptor that points to
    /// the same generation already is left alone. Says how many were written. It allocates nothing unless it fails.
    ///
    /// Each descriptor points to one resource at a time, whose generation rises whenever its handle, range or layout changes.
    ///
    /// # Errors
    /// When there is no such slot, it has fewer descriptors, or they are of another kind.
    ///
    /// # Safety
    /// The sets are alive, of the slots' layout, and no pending command buffer uses those of this variant; the resources are
    /// alive and have the usage that the descriptors need. Recorded commands that bind a set in which something was written are
    /// recorded anew before they are submitted.
    pub unsafe fn bind<'n>(
        &mut self,
        device: &Device,
        variant: usize,
        slot: impl Into<SlotKey<'n>>,
        first: u32,
        resources: &[(Bound, u64)],
    ) -> Result<u32, BindError> {
        let Slot { name, binding, first: start } = self.slots[self.slot(slot)?];
        let count = binding.count;
        if resources.len() > count.saturating_sub(first) as usize {
            return Err(BindError::TooMany { name, count, first, found: resources.len() });
        }
        let descriptor = binding.descriptor;
        if let Some((wrong, _)) = resources.iter().find(|(bound, _)| !bound.fits(descriptor)) {
            return Err(BindError::WrongKind { name, descriptor, found: wrong.kind() });
        }
        let set = self.sets[variant * self.sets_each + binding.set as usize];
        let start = variant * self.descriptors_each + start + first as usize;
        let written = &mut self.written[start..start + resources.len()];
        let changed = |(written, (_, generation)): (&u64, &(Bound, u64))| written != generation;
        let (mut next, mut rewritten) = (0, 0);
        // Runs of neighbours that changed, each in one write.
        while let Some(skip) = written[next..].iter().zip(&resources[next..]).position(changed) {
            let from = next + skip;
            let run =
                written[from..].iter().zip(&resources[from..]).take(BATCH).take_while(|&pair| changed(pair)).count();
            write(device, set, &binding, first + from as u32, &resources[from..from + run]);
            for (written, (_, generation)) in written[from..from + run].iter_mut().zip(&resources[from..]) {
                *written = *generation;
            }
            next = from + run;
            rewritten += run as u32;
        }
        self.rewritten += u64::from(rewritten);
        Ok(rewritten)
    }

    /// How many descriptors were written so far, the first time included.
    pub fn rewritten(&self) -> u64 {
        self.rewritten
    }
}

impl fmt::Debug for Binder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.slots.iter().map(|slot| slot.name).collect();
        f.debug_struct("Binder").field("slots", &names).field("rewritten", &self.rewritten).finish_non_exhaustive()
    }
}

/// Writes neighbouring descriptors of one binding: at most [`BATCH`], all of one kind.
fn write(
    device: &Device,
    set: vk::DescriptorSet,
    binding: &BindingDeclaration,
    first: u32,
    resources: &[(Bound, u64)],
) {
    let mut buffers = ArrayVec::<vk::DescriptorBufferInfo, BATCH>::new();
    let mut images = ArrayVec::<vk::DescriptorImageInfo, BATCH>::new();
    let mut structures = ArrayVec::<vk::AccelerationStructureKHR, BATCH>::new();
    for (bound, _) in resources {
        match *bound {
            Bound::Buffer(info) => buffers.push(info),
            Bound::Image(info) => images.push(info),
            Bound::AccelerationStructure(structure) => structures.push(structure),
        }
    }
    let mut acceleration =
        vk::WriteDescriptorSetAccelerationStructureKHR::default().acceleration_structures(&structures);
    let mut write = vk::WriteDescriptorSet::default()
        .dst_set(set)
        .dst_binding(binding.binding)
        .dst_array_element(first)
        .descriptor_type(binding.descriptor);
    write = if !buffers.is_empty() {
        write.buffer_info(&buffers)
    } else if !images.is_empty() {
        write.image_info(&images)
    } else {
        write.descriptor_count = structures.len() as u32;
        write.push_next(&mut acceleration)
    };
    // SAFETY: `bind`'s caller answers for the set and the resources; the binding, the element and the kind were checked.
    unsafe { device.raw().update_descriptor_sets(&[write], &[]) };
}
