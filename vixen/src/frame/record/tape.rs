//! What recording a segment plays off: its nodes and barrier commands in order, the barriers as Vulkan takes them.
//!
//! Everything but the handles is known at compile. Handles of resources with one copy change with a recompile only; those of
//! the others (a copy for each frame slot, history phase or swapchain image) are put in before each recording.

use std::mem;
use std::ops::Range;

use ash::vk;

use crate::frame::moment::Moment;
use crate::frame::provision::resources::Resources;
use crate::frame::provision::view::subresources;
use crate::plan::{Dependency, Plan, Residency, ResourceId, Segment, Step};

/// The steps of a segment.
pub(crate) struct Tape {
    steps: Vec<TapeStep>,
    /// The barriers of all commands, one command after the other.
    buffers: Vec<vk::BufferMemoryBarrier2<'static>>,
    images: Vec<vk::ImageMemoryBarrier2<'static>>,
    memory: Vec<vk::MemoryBarrier2<'static>>,
    /// Barriers whose handles stay.
    fixed: Vec<Source>,
    /// Barriers whose handles depend on the moment.
    moving: Vec<Source>,
    /// Its nodes, as indices of the living ones.
    nodes: Range<u32>,
}

// SAFETY: it is not `Send` by itself only because of `p_next`, which is null in every barrier: the functions below build them
// from handles and numbers alone.
unsafe impl Send for Tape {}
// SAFETY: as above, and nothing changes through a shared reference.
unsafe impl Sync for Tape {}

/// Nodes, and the barrier command after them.
struct TapeStep {
    /// How many nodes, the next ones.
    nodes: u32,
    after: After,
}

/// A barrier command as it is kept.
enum After {
    /// None.
    Nothing,
    /// These barriers of each kind.
    Barrier { buffers: [u32; 2], images: [u32; 2], memory: [u32; 2] },
    /// The barrier command before, once more: as long as nodes work on the same in place, it stays in the caches.
    Again,
}

/// Where the handle of a barrier comes from.
struct Source {
    resource: ResourceId,
    age: u32,
    target: Target,
}

/// A barrier, by its index.
enum Target {
    Buffer(u32),
    Image(u32),
}

impl Tape {
    /// The tape of a segment, still without handles: [`Tape::refer`] puts them in.
    pub fn new(plan: &Plan, segment: &Segment, first_node: u32, resources: &Resources) -> Self {
        let mut tape = Self {
            steps: Vec::with_capacity(segment.steps.len()),
            buffers: Vec::new(),
            images: Vec::new(),
            memory: Vec::new(),
            fixed: Vec::new(),
            moving: Vec::new(),
            nodes: first_node..first_node,
        };
        let (mut before, mut nodes) = (None, 0);
        for step in &plan.steps[segment.steps.start as usize..segment.steps.end as usize] {
            let after = match *step {
                Step::Node(_) => {
                    tape.nodes.end += 1;
                    nodes += 1;
                    continue;
                }
                Step::Barrier(barrier) => {
                    let range = plan.barriers[barrier as usize].clone();
                    let dependencies = &plan.dependencies[range.start as usize..range.end as usize];
                    if before.replace(dependencies) == Some(dependencies) {
                        After::Again
                    } else {
                        tape.barrier(dependencies, resources)
                    }
                }
            };
            tape.steps.push(TapeStep { nodes: mem::take(&mut nodes), after });
        }
        if nodes > 0 {
            tape.steps.push(TapeStep { nodes, after: After::Nothing });
        }
        tape
    }

    fn barrier(&mut self, dependencies: &[Dependency], resources: &Resources) -> After {
        let counts = |tape: &Self| [tape.buffers.len(), tape.images.len(), tape.memory.len()].map(|count| count as u32);
        let before = counts(self);
        for dependency in dependencies {
            let Some(physical) = resources.get(dependency.resource) else { continue };
            let target = if physical.is_image() {
                let range = subresources(&dependency.region, physical.aspect(), physical.levels());
                self.images.push(image_barrier(dependency, range));
                Target::Image(self.images.len() as u32 - 1)
            } else if physical.is_buffer() {
                self.buffers.push(buffer_barrier(dependency));
                Target::Buffer(self.buffers.len() as u32 - 1)
            } else {
                self.memory.push(memory_barrier(dependency));
                continue;
            };
            let sources = match physical.residency {
                Residency::Transient | Residency::Persistent => &mut self.fixed,
                Residency::PerSlot | Residency::History { .. } | Residency::Swapchain => &mut self.moving,
            };
            sources.push(Source { resource: dependency.resource, age: dependency.age, target });
        }
        let after = counts(self);
        let [buffers, images, memory] = std::array::from_fn(|kind| [before[kind], after[kind]]);
        After::Barrier { buffers, images, memory }
    }

    /// Its nodes, as indices of the living ones.
    pub fn nodes(&self) -> Range<u32> {
        self.nodes.clone()
    }

    /// Puts the handles in that stay until a resource is made anew.
    pub fn refer(&mut self, resources: &Resources) {
        let Self { buffers, images, fixed, .. } = self;
        put(fixed, buffers, images, resources, &Moment::default());
    }

    /// Puts the handles in that a moment means.
    pub fn turn(&mut self, resources: &Resources, moment: &Moment) {
        let Self { buffers, images, moving, .. } = self;
        put(moving, buffers, images, resources, moment);
    }

    /// Says what to record, in order: how many of the next nodes, and then a barrier command.
    #[inline]
    pub fn play(&self, mut record: impl FnMut(usize, Option<&vk::DependencyInfo<'_>>)) {
        let mut barrier = vk::DependencyInfo::default();
        for step in &self.steps {
            if let After::Barrier { buffers, images, memory } = step.after {
                barrier = command(part(&self.buffers, buffers), part(&self.images, images), part(&self.memory, memory));
            }
            let ends = matches!(step.after, After::Nothing);
            record(step.nodes as usize, if ends { None } else { Some(&barrier) });
        }
    }
}

fn put(
    sources: &[Source],
    buffers: &mut [vk::BufferMemoryBarrier2<'static>],
    images: &mut [vk::ImageMemoryBarrier2<'static>],
    resources: &Resources,
    moment: &Moment,
) {
    for source in sources {
        let Some(physical) = resources.get(source.resource) else { continue };
        let (image, buffer) = physical.copy_at(source.age, moment);
        // The image of a minimised window is null; nothing is recorded with it.
        match source.target {
            Target::Buffer(index) => buffers[index as usize].buffer = buffer.unwrap_or_default(),
            Target::Image(index) => images[index as usize].image = image.unwrap_or_default(),
        }
    }
}

fn part<T>(all: &[T], [start, end]: [u32; 2]) -> &[T] {
    &all[start as usize..end as usize]
}

fn command<'t>(
    buffers: &'t [vk::BufferMemoryBarrier2<'static>],
    images: &'t [vk::ImageMemoryBarrier2<'static>],
    memory: &'t [vk::MemoryBarrier2<'static>],
) -> vk::DependencyInfo<'t> {
    // A null pointer where there is none: for others drivers may allocate, if only no bytes.
    let mut info = vk::DependencyInfo::default();
    if !memory.is_empty() {
        info = info.memory_barriers(memory);
    }
    if !buffers.is_empty() {
        info = info.buffer_memory_barriers(buffers);
    }
    if !images.is_empty() {
        info = info.image_memory_barriers(images);
    }
    info
}

fn memory_barrier(dependency: &Dependency) -> vk::MemoryBarrier2<'static> {
    vk::MemoryBarrier2::default()
        .src_stage_mask(dependency.src_stages)
        .src_access_mask(dependency.src_access)
        .dst_stage_mask(dependency.dst_stages)
        .dst_access_mask(dependency.dst_access)
}

fn image_barrier(dependency: &Dependency, range: vk::ImageSubresourceRange) -> vk::ImageMemoryBarrier2<'static> {
    vk::ImageMemoryBarrier2::default()
        .src_stage_mask(dependency.src_stages)
        .src_access_mask(dependency.src_access)
        .dst_stage_mask(dependency.dst_stages)
        .dst_access_mask(dependency.dst_access)
        .old_layout(dependency.old_layout)
        .new_layout(dependency.new_layout)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .subresource_range(range)
}

fn buffer_barrier(dependency: &Dependency) -> vk::BufferMemoryBarrier2<'static> {
    let [offset, end] = dependency.region.major;
    vk::BufferMemoryBarrier2::default()
        .src_stage_mask(dependency.src_stages)
        .src_access_mask(dependency.src_access)
        .dst_stage_mask(dependency.dst_stages)
        .dst_access_mask(dependency.dst_access)
        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
        .offset(offset)
        .size(if end == u64::MAX { vk::WHOLE_SIZE } else { end - offset })
}
