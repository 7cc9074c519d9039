//! Command buffers: one for each variant of each static segment, one for each frame slot of each dynamic one.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::moment::{Moment, Variants};
use crate::frame::owned::Owned;
use crate::frame::provision::resources::Resources;
use crate::frame::record::tape::Tape;
use crate::plan::Plan;

/// All command buffers of a graph and the pools that they come from.
pub(crate) struct Segments {
    items: Vec<SegmentRuntime>,
    /// Those whose command buffer is not always that of the frame slot.
    varying: Vec<usize>,
    any_dynamic: bool,
    /// Static recordings.
    pool: Owned<vk::CommandPool>,
    dynamic: DynamicPools,
}

/// The pools of dynamic recordings, one for each thread and frame slot: reset in every frame that has dynamic segments.
pub(crate) struct DynamicPools {
    /// Threads × slots.
    pools: Vec<Owned<vk::CommandPool>>,
    slots: usize,
}

/// The command buffers of one segment.
pub(crate) struct SegmentRuntime {
    pub variants: Variants,
    /// Recorded anew in every frame: because a node is dynamic, or because it shows several outputs, whose images come in
    /// too many combinations.
    pub dynamic: bool,
    /// By variant, or by frame slot when dynamic.
    pub commands: Vec<vk::CommandBuffer>,
    pub tape: Tape,
}

impl Segments {
    /// Pools for the segments of a plan; [`Segments::prepare`] adds the command buffers.
    ///
    /// `first_node` is the index of the plan's first node among the living ones, where the others follow it in the plan's order.
    pub fn new(
        device: &Device,
        plan: &Plan,
        resources: &Resources,
        first_node: u32,
        frame_slots: u32,
        threads: usize,
        timed: bool,
    ) -> Result<Self, DeviceError> {
        let mut next_node = first_node;
        let mut tape = |segment| {
            let tape = Tape::new(plan, segment, next_node, resources);
            next_node = tape.nodes().end;
            tape
        };
        let items = plan
            .segments
            .iter()
            .map(|segment| SegmentRuntime {
                variants: Variants {
                    slots: if segment.per_slot || timed { frame_slots } else { 1 },
                    phases: segment.phases.max(1),
                    switches: segment.switches,
                    ..Variants::ONE
                },
                dynamic: segment.dynamic,
                commands: Vec::new(),
                tape: tape(segment),
            })
            .collect();
        let dynamic = DynamicPools::new(device, threads, frame_slots as usize)?;
        let statics = pool(device, vk::CommandPoolCreateFlags::empty())?;
        Ok(Self { items, varying: Vec::new(), any_dynamic: false, pool: statics, dynamic })
    }

    pub fn items(&self) -> &[SegmentRuntime] {
        &self.items
    }

    /// The segments whose command buffer depends on more than the frame slot, by their index.
    pub fn varying(&self) -> &[usize] {
        &self.varying
    }

    pub fn items_mut(&mut self) -> &mut [SegmentRuntime] {
        &mut self.items
    }

    pub fn any_dynamic(&self) -> bool {
        self.any_dynamic
    }

    /// What is recorded, and the pools to record what is dynamic with.
    pub fn parts(&mut self) -> (&mut [SegmentRuntime], &DynamicPools) {
        (&mut self.items, &self.dynamic)
    }

    /// The pools of all threads and slots.
    #[cfg(feature = "testing")]
    pub fn dynamic_pools(&self) -> impl Iterator<Item = vk::CommandPool> {
        self.dynamic.pools.iter().map(Owned::get)
    }

    /// Makes everything ready to be recorded: command buffers for every variant, where their number changed, and the resources
    /// as they are now. The GPU must be done with the old ones.
    pub fn prepare(&mut self, device: &Device, resources: &Resources) -> Result<(), DeviceError> {
        self.any_dynamic = self.items.iter().any(|segment| segment.dynamic);
        let varies = |segment: &SegmentRuntime| !segment.dynamic && segment.variants.vary_within_slot();
        self.varying = (0..self.items.len()).filter(|&index| varies(&self.items[index])).collect();
        self.items.iter_mut().for_each(|segment| segment.tape.refer(resources));
        for (index, segment) in self.items.iter_mut().enumerate() {
            let wanted = if segment.dynamic { self.dynamic.slots } else { segment.variants.count() };
            if segment.commands.len() == wanted {
                continue;
            }
            if segment.dynamic {
                for pool in self.dynamic.of_segment(index) {
                    segment.commands.extend(allocate(device, pool.get(), 1)?);
                }
                continue;
            }
            replace(device, self.pool.get(), &mut segment.commands, wanted)?;
        }
        Ok(())
    }

    /// New command buffers for a static segment that is recorded again. The GPU must be done with the old ones.
    ///
    /// Their pool does not allow to reset one of them alone: with that flag drivers submit long recordings more slowly.
    pub fn renew(&mut self, device: &Device, segment: usize) -> Result<(), DeviceError> {
        let commands = &mut self.items[segment].commands;
        let count = commands.len();
        replace(device, self.pool.get(), commands, count)
    }
}

impl DynamicPools {
    fn new(device: &Device, threads: usize, slots: usize) -> Result<Self, DeviceError> {
        let pools = (0..threads * slots).map(|_| pool(device, vk::CommandPoolCreateFlags::TRANSIENT));
        Ok(Self { pools: pools.collect::<Result<_, _>>()?, slots })
    }

    /// The pools of the thread that records a segment, by slot: threads take turns.
    fn of_segment(&self, segment: usize) -> &[Owned<vk::CommandPool>] {
        let threads = self.pools.len() / self.slots;
        &self.pools[segment % threads * self.slots..][..self.slots]
    }

    /// Gives the recordings of a thread in a slot back. The frame that used them has finished, and no other thread calls this
    /// for the same one.
    pub fn reset(&self, device: &Device, thread: usize, slot: u32) -> Result<(), DeviceError> {
        let pool = self.pools[thread * self.slots + slot as usize].get();
        // SAFETY: the frame that used the slot's buffers has finished, and the thread has the pool to itself. Without the
        // release flag the pool keeps its memory for the next recording.
        unsafe { device.raw().reset_command_pool(pool, vk::CommandPoolResetFlags::empty()) }
            .map_err(DeviceError::vulkan("vkResetCommandPool"))
    }
}

impl SegmentRuntime {
    /// The command buffer for a moment.
    pub fn commands(&self, moment: &Moment) -> vk::CommandBuffer {
        self.commands[if self.dynamic { moment.slot as usize } else { self.variants.index(moment) }]
    }
}

fn pool(device: &Device, flags: vk::CommandPoolCreateFlags) -> Result<Owned<vk::CommandPool>, DeviceError> {
    let info = vk::CommandPoolCreateInfo::default().queue_family_index(device.main_queue().family).flags(flags);
    // SAFETY: the device is alive and the family is one of its own.
    let pool = unsafe { device.raw().create_command_pool(&info, device.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreateCommandPool"))?;
    Ok(Owned::new(device, pool))
}

/// Frees command buffers and allocates `count` in their place. The GPU is done with the old ones.
fn replace(
    device: &Device,
    pool: vk::CommandPool,
    commands: &mut Vec<vk::CommandBuffer>,
    count: usize,
) -> Result<(), DeviceError> {
    if !commands.is_empty() {
        // SAFETY: the buffers are of this pool, which one graph alone uses, and the caller waited for the GPU.
        unsafe { device.raw().free_command_buffers(pool, commands) };
        commands.clear();
    }
    *commands = allocate(device, pool, count as u32)?;
    Ok(())
}

fn allocate(device: &Device, pool: vk::CommandPool, count: u32) -> Result<Vec<vk::CommandBuffer>, DeviceError> {
    let info = vk::CommandBufferAllocateInfo::default()
        .command_pool(pool)
        .level(vk::CommandBufferLevel::PRIMARY)
        .command_buffer_count(count);
    // SAFETY: the pool is alive and used by this graph alone.
    unsafe { device.raw().allocate_command_buffers(&info) }.map_err(DeviceError::vulkan("vkAllocateCommandBuffers"))
}
