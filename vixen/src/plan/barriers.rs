//! Barriers: each hazard is closed by one dependency, in the last barrier command before the first access that waits.

use ash::vk;

use super::lanes::Lanes;
use super::layouts;
use super::order::Schedule;
use super::regions::Sink;
use super::track::{Bounds, Edge, Track, Version};
use super::{
    Condition, Dependency, Effect, Input, NodeId, PlanError, Region, Residency, ResourceId, ResourceItem, Use,
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
}

/// Finds the dependencies that close all hazards.
pub(super) fn close(
    input: &Input,
    lanes: &Lanes,
    bounds: &[Bounds],
    schedule: &Schedule,
    conditions: &[Option<Condition>],
) -> Result<Closed, PlanError> {
    let mut layouts = vec![vk::ImageLayout::UNDEFINED; input.accesses.len()];
    let mut dependencies = Sink::with_capacity(lanes.items.len());
    let mut initial = Sink::default();
    let (mut own, mut own_initial) = (Sink::default(), Sink::default());
    for ((id, &bounds), &grid) in (0..).map(ResourceId).zip(bounds).zip(&lanes.grids) {
        let track = |cell| Track { input, items: lanes.track(grid, cell), effects: &lanes.effects, grid, bounds };
        let resource = &input.resources[id.0 as usize];
        if resource.image && grid.cells > 0 {
            layouts::settle((0..grid.cells).map(track), &mut layouts);
        }
        // Where there is one cell, there is nothing to join.
        let several = grid.cells > 1;
        let region = if grid.cells == 1 { lanes.region(grid, 0..1, 0..1) } else { Region::WHOLE };
        for cell in 0..grid.cells {
            let (track, layouts) = (track(cell), layouts.as_slice());
            let closed = if several { &mut own } else { &mut dependencies };
            let expected = if several { &mut own_initial } else { &mut initial };
            let start = closed.barriers.len();
            if !track.items.is_empty() {
                Closer { id, resource, cell, region, track, schedule, conditions, layouts, closed, start, expected }
                    .close()?;
            }
        }
        if several {
            dependencies.take(lanes, grid, &mut own);
            initial.take(lanes, grid, &mut own_initial);
        }
    }
    Ok(Closed { dependencies, initial, layouts })
}

/// One end of a hazard, with all that it takes to close it.
struct Touch {
    usage: Use,
    /// The frame, counted from that of the track's first item, and the batch.
    time: (u32, u32),
    age: u32,
    effect: Effect,
    /// The first touch in its frame of contents that do not come from another frame.
    fresh: bool,
    /// What it overwrites is wanted where the switches let it not happen.
    kept: bool,
}

/// Everything about the readers of a version, taken together.
struct Readers {
    stages: vk::PipelineStageFlags2,
    access: vk::AccessFlags2,
    layout: vk::ImageLayout,
    first: (u32, u32, u32),
    /// There are states of the switches in which none of them reads.
    conditional: bool,
}

/// Works on one cell of one resource.
struct Closer<'a> {
    id: ResourceId,
    resource: &'a ResourceItem,
    cell: u32,
    /// Of the cell, where it is the only one.
    region: Region,
    track: Track<'a>,
    schedule: &'a Schedule,
    conditions: &'a [Option<Condition>],
    layouts: &'a [vk::ImageLayout],
    /// The dependencies; those of this cell from `start` on.
    closed: &'a mut Sink,
    start: usize,
    /// The layouts at the start of a frame.
    expected: &'a mut Sink,
}

impl Closer<'_> {
    fn close(&mut self) -> Result<(), PlanError> {
        self.check_defined()?;
        let mut writer = None;
        for version in self.track.versions() {
            let writer_now = writer.or_else(|| version.writer.map(|edge| self.touch(edge)));
            writer = version.next.map(|edge| self.touch(edge));
            self.close_version(&version, writer_now.as_ref(), writer.as_ref());
        }
        if self.resource.image && self.track.bounds.entry.is_none() {
            self.expect_layouts();
        }
        Ok(())
    }

    /// Whether a later frame can want what this one leaves.
    fn outlives_frame(&self) -> bool {
        matches!(self.resource.residency, Residency::History { .. } | Residency::Persistent)
    }

    /// What is read has been written.
    fn check_defined(&self) -> Result<(), PlanError> {
        let item = self.track.items[0];
        let access = &self.track.input.accesses[item.access as usize];
        let lent = self.resource.image
            && self.track.bounds.entry.is_some_and(|entry| entry.layout == vk::ImageLayout::UNDEFINED);
        let defined = match self.resource.residency {
            Residency::Transient => self.resource.entry.is_some() && !lent,
            Residency::History { .. } => {
                let mut all = self.track.items.iter();
                all.any(|item| self.track.input.accesses[item.access as usize].effect.writes())
            }
            Residency::PerSlot | Residency::Persistent | Residency::Swapchain => !lent,
        };
        if defined || (access.effect == Effect::Write && access.age == 0) {
            return Ok(());
        }
        Err(PlanError::ReadBeforeWrite { node: NodeId(item.node), slot: access.slot, resource: self.id })
    }

    fn close_version(&mut self, version: &Version, writer: Option<&Touch>, next: Option<&Touch>) {
        let readers = (!version.readers.is_empty()).then(|| self.readers(version));
        if let (Some(writer), Some(readers)) = (writer, &readers) {
            self.close_reads(writer, readers, next);
        }
        if let Some(next) = next {
            self.close_write(writer, readers.as_ref(), next);
        }
    }

    /// Read after write: one flush for all that read this version.
    fn close_reads(&mut self, writer: &Touch, readers: &Readers, next: Option<&Touch>) {
        let (mut stages, mut access) = (readers.stages, readers.access);
        // What reads before it changes is a reader too. If the layout changes for it, it sees the contents through that.
        if let Some(next) = next.filter(|next| next.effect != Effect::Write && !self.changes(readers.layout, next)) {
            stages |= next.usage.stages;
            access |= next.usage.access;
        }
        let (frame, batch, age) = readers.first;
        self.push(
            (frame, batch),
            age,
            Dependency {
                src_stages: writer.usage.stages,
                src_access: writer.usage.access & WRITES,
                dst_stages: stages,
                dst_access: access,
                old_layout: writer.usage.layout,
                new_layout: readers.layout,
                ..EMPTY
            },
        );
    }

    /// Write after read, or after write where nothing reads.
    fn close_write(&mut self, writer: Option<&Touch>, readers: Option<&Readers>, next: &Touch) {
        let (src_stages, src_access, old) = match (readers, writer) {
            (Some(readers), _) => (readers.stages, vk::AccessFlags2::NONE, readers.layout),
            (None, Some(writer)) => (writer.usage.stages, writer.usage.access & WRITES, writer.usage.layout),
            (None, None) => return,
        };
        let old_layout = if self.discards(old, next) { vk::ImageLayout::UNDEFINED } else { old };
        // After a read the order is enough, unless the layout changes or no switch position may have let anyone read:
        // then this is also where the next writer comes to see what was written.
        let unseen =
            readers.is_none_or(|readers| readers.conditional && writer.is_some() && next.effect == Effect::Write);
        let sees = unseen || self.changes(old_layout, next);
        self.push(
            next.time,
            next.age,
            Dependency {
                src_stages,
                src_access,
                dst_stages: next.usage.stages,
                dst_access: if sees { next.usage.access } else { vk::AccessFlags2::NONE },
                old_layout,
                new_layout: next.usage.layout,
                ..EMPTY
            },
        );
    }

    fn changes(&self, old: vk::ImageLayout, next: &Touch) -> bool {
        self.resource.image && old != next.usage.layout
    }

    /// Whether the contents need not be kept for this write.
    fn discards(&self, old: vk::ImageLayout, next: &Touch) -> bool {
        self.resource.image && next.effect == Effect::Write && !next.kept && (next.fresh || old != next.usage.layout)
    }

    fn push(&mut self, time: (u32, u32), age: u32, dependency: Dependency) {
        let (barrier, earlier) = self.schedule.before(time.1);
        // The frame before knows this copy by the age that it has there.
        let age = match (earlier, age) {
            (false, age) => age,
            (true, 0) => self.track.grid.ages - 1,
            (true, age) => age - 1,
        };
        let mut dependency = Dependency { resource: self.id, age, region: self.region, ..dependency };
        if !self.resource.image {
            dependency.old_layout = vk::ImageLayout::UNDEFINED;
            dependency.new_layout = vk::ImageLayout::UNDEFINED;
        }
        self.closed.push(barrier, self.cell, dependency);
    }

    fn touch(&self, edge: Edge) -> Touch {
        let outside = |usage: Option<Use>, effect, time| Touch {
            usage: usage.expect("a version has such an end only where the resource has such a bound"),
            time,
            age: 0,
            effect,
            fresh: false,
            kept: false,
        };
        match edge {
            Edge::Entry => outside(self.track.bounds.entry, Effect::Write, (0, 0)),
            Edge::Exit => outside(self.track.bounds.exit, Effect::ReadWrite, (0, self.schedule.commands())),
            Edge::Item(at) => {
                let (item, round) = self.track.item(at);
                let access = &self.track.input.accesses[item.access as usize];
                let batch = self.schedule.batches[item.node as usize];
                // What is wanted after a frame must not be discarded by its last barrier command.
                let wanted = self.resource.sink && self.schedule.before(batch).1;
                Touch {
                    usage: access.usage,
                    time: (access.age + round * self.track.grid.ages, batch),
                    age: access.age,
                    effect: access.effect,
                    fresh: at % self.track.items.len() == 0 && self.resource.residency == Residency::Transient,
                    kept: wanted
                        || access.condition.mask != 0
                        || self.outlives_frame() && self.is_conditional(item.node, access.condition),
                }
            }
        }
    }

    fn readers(&self, version: &Version) -> Readers {
        let mut all = Readers {
            stages: vk::PipelineStageFlags2::NONE,
            access: vk::AccessFlags2::NONE,
            layout: vk::ImageLayout::UNDEFINED,
            first: (u32::MAX, u32::MAX, 0),
            conditional: true,
        };
        for at in version.readers.clone() {
            let (item, round) = self.track.item(at);
            let access = &self.track.input.accesses[item.access as usize];
            all.stages |= access.usage.stages;
            all.access |= access.usage.access;
            all.layout = self.layouts[item.access as usize];
            let batch = self.schedule.batches[item.node as usize];
            all.first = all.first.min((access.age + round * self.track.grid.ages, batch, access.age));
            all.conditional &= self.is_conditional(item.node, access.condition);
        }
        all
    }

    fn is_conditional(&self, node: u32, access: Condition) -> bool {
        // Without switches there is nothing to look up.
        self.track.input.switches > 0
            && (access.mask != 0 || self.conditions[node as usize].is_some_and(|condition| condition.mask != 0))
    }

    /// The layouts in which a frame expects to find the copies of this image.
    fn expect_layouts(&mut self) {
        let (own, barriers) = (&self.closed.dependencies[self.start..], &self.closed.barriers[self.start..]);
        let change = |(one, barrier): (&Dependency, &u32)| (one.age, *barrier, one.old_layout, one.new_layout);
        let mut changes: Vec<_> = own.iter().zip(barriers).map(change).collect();
        changes.sort_unstable_by_key(|change| (change.0, change.1));
        for age in 0..self.track.grid.ages {
            let next = changes.iter().find(|change| change.0 >= age);
            let last = changes.iter().rev().find(|change| change.0 < age);
            let (Some(next), Some(last)) = (next.or(changes.first()), last.or(changes.last())) else {
                // Nothing ever changes: it is in the layout of any of its accesses.
                let layout = self.layouts[self.track.items[0].access as usize];
                self.expect(age, layout);
                continue;
            };
            if next.2 != vk::ImageLayout::UNDEFINED || self.touched_before(age, (next.0, next.1)) {
                let layout = last.3;
                self.expect(age, layout);
            }
        }
    }

    /// Whether the copy that has this age at the start of a frame is accessed before it meets a barrier.
    fn touched_before(&self, age: u32, (at, barrier): (u32, u32)) -> bool {
        // Times from the start of the frame, around the ring once.
        let ages = self.track.grid.ages;
        let since = |other: u32| (other + ages - age) % ages;
        self.track.items.iter().any(|item| {
            let access = &self.track.input.accesses[item.access as usize];
            (since(access.age), self.schedule.batches[item.node as usize]) <= (since(at), barrier)
        })
    }

    fn expect(&mut self, age: u32, new_layout: vk::ImageLayout) {
        let dependency = Dependency {
            resource: self.id,
            age,
            region: self.region,
            dst_stages: vk::PipelineStageFlags2::ALL_COMMANDS,
            dst_access: vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE,
            new_layout,
            ..EMPTY
        };
        self.expected.push(0, self.cell, dependency);
    }
}

/// A dependency with nothing in it yet.
const EMPTY: Dependency = Dependency {
    resource: ResourceId(0),
    age: 0,
    region: Region::WHOLE,
    src_stages: vk::PipelineStageFlags2::NONE,
    src_access: vk::AccessFlags2::NONE,
    dst_stages: vk::PipelineStageFlags2::NONE,
    dst_access: vk::AccessFlags2::NONE,
    old_layout: vk::ImageLayout::UNDEFINED,
    new_layout: vk::ImageLayout::UNDEFINED,
};
