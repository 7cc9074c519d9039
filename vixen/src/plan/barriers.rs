//! Barriers: each hazard is closed by one dependency, in the last barrier command before the first access that waits.

use ash::vk;

use super::lanes::{Grid, Item, Lanes};
use super::layouts;
use super::order::Schedule;
use super::regions::{Place, Sink};
use super::steps::{self, NEVER, Steps};
use super::track::{self, Bounds, NOTHING, Track};
use super::{
    Access, Condition, Dependency, Effect, Input, Interval, NodeId, PlanError, Residency, ResourceId, ResourceItem, Use,
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
        accesses: &input.accesses,
        schedule,
        nodes: &steps.nodes,
        barriers: &steps.barriers,
        conditions,
        layouts: &layouts,
        dependencies: Sink::with_capacity(lanes.items.len()),
        initial: Sink::with_capacity(0),
        interval: NEVER,
    };
    let mut intervals = vec![NEVER; lanes.grids.len()];
    let switched = input.switches > 0;
    for (index, interval) in intervals.iter_mut().enumerate() {
        let (grid, resource, bounds) = (&lanes.grids[index], &input.resources[index], bounds[index]);
        let (id, image, ages) = (ResourceId(index as u32), grid.image, grid.ages);
        closer.interval = NEVER;
        for index in 0..grid.cells {
            let track = Track { items: lanes.track(grid, index), bounds };
            if !track.items.is_empty() {
                let cell = Cell { id, resource, grid, index, track, image, ages, switched };
                // Nearly all cells are of buffers without other copies, in graphs without switches. With that said, little
                // of `close` is left.
                if image || ages > 1 || switched {
                    closer.close(&cell)?;
                } else {
                    closer.close(&Cell { image: false, ages: 1, switched: false, ..cell })?;
                }
            }
        }
        closer.dependencies.end_resource(lanes, grid);
        closer.initial.end_resource(lanes, grid);
        *interval = closer.interval;
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
    image: bool,
    ages: u32,
    /// Whether there are switches.
    switched: bool,
}

/// When something is accessed: the frame, counted from that of the track's first item, and the batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Time(u64);

impl Time {
    const NEVER: Self = Self(u64::MAX);

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

/// What touches a cell from one write to the next.
struct Version {
    /// Who wrote it, unless nobody did.
    writer: Option<Use>,
    /// All who read it, taken together.
    readers: Use,
    /// When the first of them reads; `NEVER` if there is none.
    first_read: Time,
    /// There are states of the switches in which none of them reads.
    conditional: bool,
}

impl Version {
    #[inline]
    fn new(writer: Option<Use>) -> Self {
        Self { writer, readers: NOTHING, first_read: Time::NEVER, conditional: true }
    }

    #[inline]
    fn add_reader(&mut self, usage: Use, time: Time, conditional: bool) {
        self.readers.stages |= usage.stages;
        self.readers.access |= usage.access;
        self.readers.layout = usage.layout;
        self.first_read = self.first_read.min(time);
        self.conditional &= conditional;
    }

    #[inline]
    fn is_read(&self) -> bool {
        self.first_read != Time::NEVER
    }
}

/// What ends a version: the next write.
struct Next<'a> {
    usage: Use,
    time: Time,
    effect: Effect,
    /// The access, unless it happens outside the graph.
    item: Option<&'a Item>,
}

/// Works on one cell after the other.
struct Closer<'a> {
    accesses: &'a [Access],
    schedule: &'a Schedule,
    nodes: &'a [steps::Place],
    barriers: &'a [u32],
    conditions: &'a [Option<Condition>],
    layouts: &'a [vk::ImageLayout],
    dependencies: Sink,
    /// The layouts at the start of a frame.
    initial: Sink,
    /// When the resource that is being worked on is in use.
    interval: Interval,
}

impl<'a> Closer<'a> {
    /// Closes the hazards of a cell, version after version.
    #[inline(always)] // Once for each caller, so that what the caller says of the cell is known.
    fn close(&mut self, cell: &Cell<'a>) -> Result<(), PlanError> {
        self.check_defined(cell)?;
        let (start, bounds) = (self.dependencies.len(), cell.track.bounds);
        let items = cell.track.items;
        let origin = cell.track.origin();
        let mut version = Version::new(match origin {
            Some(origin) => Some(self.usage(cell, &items[origin])),
            None => bounds.entry.then(|| outside(cell, track::entry(cell.resource))),
        });
        let mut rest = cell.track.from(origin.map_or(0, |origin| origin + 1), cell.ages);
        // Nothing comes after the origin.
        let exit = cell.resource.exit.as_ref().filter(|_| bounds.exit && origin.is_none());
        let mut more = true;
        while more {
            let next = loop {
                let Some((item, round)) = rest.next() else { break None };
                let place = self.nodes[item.node as usize];
                self.interval.extend(place.step);
                let time = Time::new(self.age(cell, item) + round, place.batch);
                let usage = self.usage(cell, item);
                if item.effect.writes() {
                    break Some(Next { usage, time, effect: item.effect, item: Some(item) });
                }
                version.add_reader(usage, time, self.is_conditional(cell, item));
            };
            more = next.is_some();
            let next = next.or_else(|| {
                let time = Time::new(0, self.schedule.commands());
                exit.map(|exit| Next { usage: outside(cell, exit), time, effect: Effect::ReadWrite, item: None })
            });
            self.close_reads(cell, &version, next.as_ref());
            if let Some(next) = next {
                self.close_write(cell, &version, &next);
                version = Version::new(Some(next.usage));
            }
        }
        if cell.image && !bounds.entry {
            self.expect_layouts(cell, start);
        } else if cell.image && track::is_left_by_frame_before(cell.resource) {
            let first = self.dependencies.dependencies.get(start);
            if first.is_some_and(|first| first.old_layout != vk::ImageLayout::UNDEFINED) {
                self.expect(cell, 0, track::entry(cell.resource).layout);
            }
        }
        Ok(())
    }

    /// What is read has been written.
    #[inline(always)]
    fn check_defined(&self, cell: &Cell) -> Result<(), PlanError> {
        let item = &cell.track.items[0];
        if item.effect == Effect::Write && self.age(cell, item) == 0 {
            return Ok(());
        }
        let lent =
            cell.image && cell.track.bounds.entry && track::entry(cell.resource).layout == vk::ImageLayout::UNDEFINED;
        let defined = match cell.resource.residency {
            Residency::Transient => cell.resource.entry.is_some() && !lent,
            Residency::History { .. } => cell.track.items.iter().any(|item| item.effect.writes()),
            Residency::PerSlot | Residency::Persistent | Residency::Swapchain => !lent,
        };
        if defined {
            return Ok(());
        }
        let slot = self.accesses[item.access as usize].slot;
        Err(PlanError::ReadBeforeWrite { node: NodeId(item.node), slot, resource: cell.id })
    }

    /// Read after write: one flush for all that read this version.
    #[inline(always)]
    fn close_reads(&mut self, cell: &Cell, version: &Version, next: Option<&Next>) {
        let Some(writer) = version.writer.filter(|_| version.is_read()) else { return };
        let mut dst = version.readers;
        // What reads before it changes is a reader too. If the layout changes for it, it sees the contents through that.
        if let Some(next) = next.filter(|next| next.effect != Effect::Write && next.usage.layout == dst.layout) {
            dst.stages |= next.usage.stages;
            dst.access |= next.usage.access;
        }
        self.push(cell, version.first_read, written(writer), dst);
    }

    /// Write after read, or after write where nothing reads.
    #[inline(always)]
    fn close_write(&mut self, cell: &Cell, version: &Version, next: &Next) {
        let mut src = match version.writer {
            _ if version.is_read() => Use { access: vk::AccessFlags2::NONE, ..version.readers },
            Some(writer) => written(writer),
            None => return,
        };
        if cell.image && self.discards(cell, src.layout, next) {
            src.layout = vk::ImageLayout::UNDEFINED;
        }
        // After a read the order is enough, unless the layout changes or no switch position may have let anyone read:
        // then this is also where the next writer comes to see what was written.
        let missed = version.conditional && version.writer.is_some() && next.effect == Effect::Write;
        let mut dst = next.usage;
        if version.is_read() && !missed && src.layout == dst.layout {
            dst.access = vk::AccessFlags2::NONE;
        }
        self.push(cell, next.time, src, dst);
    }

    #[inline(always)]
    fn push(&mut self, cell: &Cell, time: Time, src: Use, dst: Use) {
        let (barrier, earlier) = self.schedule.before(time.batch());
        self.interval.extend(self.barriers[barrier as usize]);
        // The age of the copy in that frame; the frame before knows it by the age that it has there.
        let ages = cell.ages;
        let age = match (time.frame().checked_sub(ages).unwrap_or(time.frame()), earlier) {
            _ if ages == 1 => 0,
            (age, false) => age,
            (0, true) => ages - 1,
            (age, true) => age - 1,
        };
        let dependency = Dependency {
            resource: cell.id,
            age,
            region: cell.grid.region,
            src_stages: src.stages,
            src_access: src.access,
            dst_stages: dst.stages,
            dst_access: dst.access,
            old_layout: src.layout,
            new_layout: dst.layout,
        };
        self.dependencies.push(barrier, cell.index, dependency);
    }

    /// How an item uses the cell.
    #[inline(always)]
    fn usage(&self, cell: &Cell, item: &Item) -> Use {
        let layout = if cell.image { self.layouts[item.access as usize] } else { vk::ImageLayout::UNDEFINED };
        Use { layout, ..self.accesses[item.access as usize].usage }
    }

    /// How many frames before its own one an item's contents were made.
    #[inline]
    fn age(&self, cell: &Cell, item: &Item) -> u32 {
        if cell.ages == 1 { 0 } else { self.accesses[item.access as usize].age }
    }

    /// Whether the contents of an image need not be kept for this write.
    fn discards(&self, cell: &Cell, old: vk::ImageLayout, next: &Next) -> bool {
        let Some(item) = next.item.filter(|_| next.effect == Effect::Write) else { return false };
        let condition = self.accesses[item.access as usize].condition;
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
            || outlives_frame && self.is_conditional(cell, item);
        !wanted && (fresh || old != next.usage.layout)
    }

    /// Whether there are states of the switches in which an access does not happen.
    #[inline(always)]
    fn is_conditional(&self, cell: &Cell, item: &Item) -> bool {
        // Without switches there is nothing to look up.
        cell.switched
            && (self.accesses[item.access as usize].condition.mask != 0
                || self.conditions[item.node as usize].is_some_and(|condition| condition.mask != 0))
    }

    /// The layouts in which a frame expects to find the copies of this image, whose dependencies are those from `start` on.
    fn expect_layouts(&mut self, cell: &Cell, start: usize) {
        let Sink { dependencies, places, .. } = &self.dependencies;
        let change = |(place, one): (&Place, &Dependency)| (one.age, place.barrier, one.old_layout, one.new_layout);
        let mut changes: Vec<_> = places[start..].iter().zip(&dependencies[start..]).map(change).collect();
        changes.sort_unstable_by_key(|change| (change.0, change.1));
        for age in 0..cell.ages {
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
        let ages = cell.ages;
        let since = |other: u32| (other + ages - age) % ages;
        cell.track.items.iter().any(|item| {
            let batch = self.nodes[item.node as usize].batch;
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
fn written(writer: Use) -> Use {
    Use { access: writer.access & WRITES, ..writer }
}

/// How somebody outside the graph uses a cell.
fn outside(cell: &Cell, usage: &Use) -> Use {
    Use { layout: if cell.image { usage.layout } else { vk::ImageLayout::UNDEFINED }, ..*usage }
}
