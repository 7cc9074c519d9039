//! Barriers: each hazard is closed by one dependency, in the last barrier command before the first access that waits.

use ash::vk;

use super::lanes::{Grid, Item, Lanes};
use super::layouts;
use super::order::Schedule;
use super::regions::{Pending, Sink};
use super::steps::{NEVER, Steps};
use super::track::{self, Bounds, Track};
use super::{
    Condition, Dependency, Effect, Input, Interval, NodeId, PlanError, Residency, ResourceId, ResourceItem, Use,
};

/// The access types that change memory, and so have something to make available.
const WRITES: vk::AccessFlags2 = vk::AccessFlags2::from_raw(
    vk::AccessFlags2::SHADER_WRITE.as_raw()
        | vk::AccessFlags2::SHADER_STORAGE_WRITE.as_raw()
        | vk::AccessFlags2::COLOR_ATTACHMENT_WRITE.as_raw()
        | vk::AccessFlags2::DEPTH_STENCIL_ATTACHMENT_WRITE.as_raw()
        | vk::AccessFlags2::TRANSFER_WRITE.as_raw()
        | vk::AccessFlags2::HOST_WRITE.as_raw()
        | vk::AccessFlags2::MEMORY_WRITE.as_raw()
        | vk::AccessFlags2::ACCELERATION_STRUCTURE_WRITE_KHR.as_raw()
        | vk::AccessFlags2::TRANSFORM_FEEDBACK_WRITE_EXT.as_raw()
        | vk::AccessFlags2::TRANSFORM_FEEDBACK_COUNTER_WRITE_EXT.as_raw()
        | vk::AccessFlags2::COMMAND_PREPROCESS_WRITE_NV.as_raw()
        | vk::AccessFlags2::VIDEO_DECODE_WRITE_KHR.as_raw()
        | vk::AccessFlags2::VIDEO_ENCODE_WRITE_KHR.as_raw()
        | vk::AccessFlags2::OPTICAL_FLOW_WRITE_NV.as_raw(),
);

/// What the walk over all tracks finds.
pub(super) struct Closed {
    pub dependencies: Sink,
    /// The layouts at the start of a frame, as changes from `UNDEFINED`; all in barrier command 0, which stands for nothing.
    pub initial: Sink,
    /// The layout of each access.
    pub layouts: Vec<vk::ImageLayout>,
    /// For each resource when it is accessed, or stands in a barrier command.
    pub intervals: Vec<Interval>,
}

/// Finds the dependencies that close all hazards.
pub(super) fn close(
    input: &Input,
    lanes: &Lanes,
    bounds: &[Bounds],
    schedule: &Schedule,
    steps: &Steps,
    conditions: &[Option<Condition>],
) -> Result<Closed, PlanError> {
    let layouts = layouts::settle(input, lanes, bounds);
    let mut closer = Closer {
        input,
        schedule,
        steps,
        conditions,
        layouts: &layouts,
        dependencies: Sink::with_capacity(lanes.items.len()),
        initial: Sink::with_capacity(0),
        interval: NEVER,
    };
    let mut intervals = Vec::with_capacity(lanes.grids.len());
    for (index, grid) in lanes.grids.iter().enumerate() {
        let (id, resource) = (ResourceId(index as u32), &input.resources[index]);
        closer.interval = NEVER;
        for cell in 0..grid.cells {
            let track = Track { items: lanes.track(grid, cell), bounds: bounds[index] };
            if !track.items.is_empty() {
                closer.close(&Cell { id, resource, grid, index: cell, track })?;
            }
        }
        closer.dependencies.end_resource(lanes, grid);
        closer.initial.end_resource(lanes, grid);
        intervals.push(closer.interval);
    }
    let Closer { dependencies, initial, .. } = closer;
    Ok(Closed { dependencies, initial, layouts, intervals })
}

/// One cell of one resource.
struct Cell<'a> {
    id: ResourceId,
    resource: &'a ResourceItem,
    grid: &'a Grid,
    index: u32,
    track: Track<'a>,
}

/// When something is accessed: the frame, counted from that of the track's first item, and the batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Time(u64);

impl Time {
    fn new(frame: u32, batch: u32) -> Self {
        Self(u64::from(frame) << 32 | u64::from(batch))
    }

    fn frame(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn batch(self) -> u32 {
        self.0 as u32
    }
}

/// What ends a version: the next write.
struct Next<'a> {
    usage: &'a Use,
    time: Time,
    effect: Effect,
    /// The access, unless it happens outside the graph.
    item: Option<&'a Item>,
}

/// All readers of a version, taken together.
struct Readers {
    usage: Use,
    /// The first of them.
    first: Time,
    /// There are states of the switches in which none of them reads.
    conditional: bool,
}

/// Works on one cell after the other.
struct Closer<'a> {
    input: &'a Input,
    schedule: &'a Schedule,
    steps: &'a Steps,
    conditions: &'a [Option<Condition>],
    layouts: &'a [vk::ImageLayout],
    dependencies: Sink,
    /// The layouts at the start of a frame.
    initial: Sink,
    /// When the resource that is being worked on is in use.
    interval: Interval,
}

impl<'a> Closer<'a> {
    fn close(&mut self, cell: &Cell<'a>) -> Result<(), PlanError> {
        self.check_defined(cell)?;
        let (start, bounds) = (self.dependencies.pending.len(), cell.track.bounds);
        let (origin, rounds) = cell.track.rounds();
        let mut writer = match origin {
            Some(item) => Some(&self.input.accesses[item.access as usize].usage),
            None => bounds.entry.then(|| track::entry(cell.resource)),
        };
        let mut readers = None;
        for (items, round) in rounds.into_iter().zip([0, cell.grid.ages]) {
            for item in items {
                let place = self.steps.nodes[item.node as usize];
                self.interval.extend(place.step);
                let time = Time::new(self.age(cell, item) + round, place.batch);
                if item.effect.writes() {
                    let usage = &self.input.accesses[item.access as usize].usage;
                    let next = Next { usage, time, effect: item.effect, item: Some(item) };
                    self.close_version(cell, writer, readers.as_ref(), Some(&next));
                    (writer, readers) = (Some(usage), None);
                } else {
                    self.add_reader(&mut readers, item, time);
                }
            }
        }
        // Nothing comes after the origin.
        if origin.is_none() {
            let exit = cell.resource.exit.as_ref().filter(|_| bounds.exit);
            let time = Time::new(0, self.schedule.commands());
            let exit = exit.map(|usage| Next { usage, time, effect: Effect::ReadWrite, item: None });
            self.close_version(cell, writer, readers.as_ref(), exit.as_ref());
        }
        if cell.grid.image && !bounds.entry {
            self.expect_layouts(cell, start);
        } else if cell.grid.image && track::is_left_by_frame_before(cell.resource) {
            let first = self.dependencies.pending.get(start);
            if first.is_some_and(|first| first.dependency.old_layout != vk::ImageLayout::UNDEFINED) {
                self.expect(cell, 0, track::entry(cell.resource).layout);
            }
        }
        Ok(())
    }

    /// What is read has been written.
    fn check_defined(&self, cell: &Cell) -> Result<(), PlanError> {
        let item = &cell.track.items[0];
        if item.effect == Effect::Write && self.age(cell, item) == 0 {
            return Ok(());
        }
        let lent = cell.grid.image
            && cell.track.bounds.entry
            && track::entry(cell.resource).layout == vk::ImageLayout::UNDEFINED;
        let defined = match cell.resource.residency {
            Residency::Transient => cell.resource.entry.is_some() && !lent,
            Residency::History { .. } => cell.track.items.iter().any(|item| item.effect.writes()),
            Residency::PerSlot | Residency::Persistent | Residency::Swapchain => !lent,
        };
        if defined {
            return Ok(());
        }
        let slot = self.input.accesses[item.access as usize].slot;
        Err(PlanError::ReadBeforeWrite { node: NodeId(item.node), slot, resource: cell.id })
    }

    #[inline(never)] // One copy, with `push` inside, is faster than two without.
    fn close_version(&mut self, cell: &Cell, writer: Option<&Use>, readers: Option<&Readers>, next: Option<&Next>) {
        if let (Some(writer), Some(readers)) = (writer, readers) {
            self.close_reads(cell, writer, readers, next);
        }
        if let Some(next) = next {
            self.close_write(cell, writer, readers, next);
        }
    }

    /// Read after write: one flush for all that read this version.
    fn close_reads(&mut self, cell: &Cell, writer: &Use, readers: &Readers, next: Option<&Next>) {
        let mut dst = readers.usage;
        // What reads before it changes is a reader too. If the layout changes for it, it sees the contents through that.
        if let Some(next) = next.filter(|next| next.effect != Effect::Write && !changes(cell, dst.layout, next)) {
            dst.stages |= next.usage.stages;
            dst.access |= next.usage.access;
        }
        self.push(cell, readers.first, written(writer), dst);
    }

    /// Write after read, or after write where nothing reads.
    fn close_write(&mut self, cell: &Cell, writer: Option<&Use>, readers: Option<&Readers>, next: &Next) {
        let mut src = match (readers, writer) {
            (Some(readers), _) => Use { access: vk::AccessFlags2::NONE, ..readers.usage },
            (None, Some(writer)) => written(writer),
            (None, None) => return,
        };
        if cell.grid.image && self.discards(cell, src.layout, next) {
            src.layout = vk::ImageLayout::UNDEFINED;
        }
        // After a read the order is enough, unless the layout changes or no switch position may have let anyone read:
        // then this is also where the next writer comes to see what was written.
        let missed = |readers: &Readers| readers.conditional && writer.is_some() && next.effect == Effect::Write;
        let mut dst = *next.usage;
        if !readers.is_none_or(missed) && !changes(cell, src.layout, next) {
            dst.access = vk::AccessFlags2::NONE;
        }
        self.push(cell, next.time, src, dst);
    }

    #[inline(always)]
    fn push(&mut self, cell: &Cell, time: Time, src: Use, dst: Use) {
        let (barrier, earlier) = self.schedule.before(time.batch());
        self.interval.extend(self.steps.barriers[barrier as usize]);
        // The age of the copy in that frame; the frame before knows it by the age that it has there.
        let ages = cell.grid.ages;
        let age = match (time.frame().checked_sub(ages).unwrap_or(time.frame()), earlier) {
            (age, false) => age,
            (0, true) => ages - 1,
            (age, true) => age - 1,
        };
        let layout = |usage: Use| if cell.grid.image { usage.layout } else { vk::ImageLayout::UNDEFINED };
        let dependency = Dependency {
            resource: cell.id,
            age,
            region: cell.grid.region,
            src_stages: src.stages,
            src_access: src.access,
            dst_stages: dst.stages,
            dst_access: dst.access,
            old_layout: layout(src),
            new_layout: layout(dst),
        };
        self.dependencies.push(barrier, cell.index, dependency);
    }

    /// How many frames before its own one an item's contents were made.
    #[inline]
    fn age(&self, cell: &Cell, item: &Item) -> u32 {
        if cell.grid.ages == 1 { 0 } else { self.input.accesses[item.access as usize].age }
    }

    #[inline]
    fn add_reader(&self, readers: &mut Option<Readers>, item: &Item, time: Time) {
        let access = &self.input.accesses[item.access as usize];
        let usage = Use { layout: self.layouts[item.access as usize], ..access.usage };
        let conditional = self.is_conditional(item.node, access.condition);
        match readers {
            None => *readers = Some(Readers { usage, first: time, conditional }),
            Some(readers) => {
                readers.usage.stages |= usage.stages;
                readers.usage.access |= usage.access;
                readers.usage.layout = usage.layout;
                readers.first = readers.first.min(time);
                readers.conditional &= conditional;
            }
        }
    }

    /// Whether the contents of an image need not be kept for this write.
    fn discards(&self, cell: &Cell, old: vk::ImageLayout, next: &Next) -> bool {
        let Some(item) = next.item.filter(|_| next.effect == Effect::Write) else { return false };
        let condition = self.input.accesses[item.access as usize].condition;
        let outlives_frame = match cell.resource.residency {
            Residency::History { .. } | Residency::Persistent => true,
            Residency::PerSlot => cell.resource.entry.is_some(),
            Residency::Transient | Residency::Swapchain => false,
        };
        // The first touch in its frame, of contents that do not come from another frame.
        let fresh = cell.resource.residency == Residency::Transient && std::ptr::eq(item, &cell.track.items[0]);
        // What is wanted after a frame must not be discarded by its last barrier command, nor what is wanted where the
        // switches let the write not happen.
        let wanted = cell.resource.sink && self.schedule.before(next.time.batch()).1
            || condition.mask != 0
            || outlives_frame && self.is_conditional(item.node, condition);
        !wanted && (fresh || old != next.usage.layout)
    }

    #[inline]
    fn is_conditional(&self, node: u32, access: Condition) -> bool {
        // Without switches there is nothing to look up.
        self.input.switches > 0
            && (access.mask != 0 || self.conditions[node as usize].is_some_and(|condition| condition.mask != 0))
    }

    /// The layouts in which a frame expects to find the copies of this image, whose dependencies are those from `start` on.
    fn expect_layouts(&mut self, cell: &Cell, start: usize) {
        let change = |one: &Pending| {
            let Dependency { age, old_layout, new_layout, .. } = one.dependency;
            (age, one.barrier, old_layout, new_layout)
        };
        let mut changes: Vec<_> = self.dependencies.pending[start..].iter().map(change).collect();
        changes.sort_unstable_by_key(|change| (change.0, change.1));
        for age in 0..cell.grid.ages {
            let next = changes.iter().find(|change| change.0 >= age);
            let last = changes.iter().rev().find(|change| change.0 < age);
            let (Some(next), Some(last)) = (next.or(changes.first()), last.or(changes.last())) else {
                // Nothing ever changes: it is in the layout of any of its accesses.
                let layout = self.layouts[cell.track.items[0].access as usize];
                self.expect(cell, age, layout);
                continue;
            };
            if next.2 != vk::ImageLayout::UNDEFINED || self.touched_before(cell, age, (next.0, next.1)) {
                let layout = last.3;
                self.expect(cell, age, layout);
            }
        }
    }

    /// Whether the copy that has this age at the start of a frame is accessed before it meets a barrier.
    fn touched_before(&self, cell: &Cell, age: u32, (at, barrier): (u32, u32)) -> bool {
        // Times from the start of the frame, around the ring once.
        let ages = cell.grid.ages;
        let since = |other: u32| (other + ages - age) % ages;
        cell.track.items.iter().any(|item| {
            let batch = self.steps.nodes[item.node as usize].batch;
            (since(self.age(cell, item)), batch) <= (since(at), barrier)
        })
    }

    fn expect(&mut self, cell: &Cell, age: u32, new_layout: vk::ImageLayout) {
        let dependency = Dependency {
            resource: cell.id,
            age,
            region: cell.grid.region,
            src_stages: vk::PipelineStageFlags2::NONE,
            src_access: vk::AccessFlags2::NONE,
            dst_stages: vk::PipelineStageFlags2::ALL_COMMANDS,
            dst_access: vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE,
            old_layout: vk::ImageLayout::UNDEFINED,
            new_layout,
        };
        self.initial.push(0, cell.index, dependency);
    }
}

/// What a writer leaves to be made available.
fn written(writer: &Use) -> Use {
    Use { access: writer.access & WRITES, ..*writer }
}

fn changes(cell: &Cell, old: vk::ImageLayout, next: &Next) -> bool {
    cell.grid.image && old != next.usage.layout
}
