//! Plans that are broken on purpose, to see that the oracle would notice.
//!
//! That each is really broken is settled by reasoning about the plan that it was made from, never by asking the oracle: a
//! dependency is only touched where it is the one thing between two accesses that both happen in every state of the
//! switches, and only in what no other dependency could make up for.

use ash::vk::{AccessFlags2, ImageLayout, PipelineStageFlags2};

use super::grid::{Cells, writes_of};
use super::random::Random;
use super::timeline::{Around, Timeline, Touch, What};
use crate::plan::{Condition, Dependency, Input, NodeId, Plan, Region, Step};

/// A way to break a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakage {
    /// A dependency after a write is left out.
    DropDependency,
    /// A dependency after a read is left out, and nothing else waits for the stages of that read.
    DropOrder,
    /// A whole barrier command is left out.
    DropBarrier,
    /// A write is not made available.
    DropSourceAccess,
    /// One of the stages of a write is not waited for.
    DropSourceStage,
    /// One of the stages of a read does not wait.
    DropDestinationStage,
    /// One of the access types of a read does not see the write.
    DropDestinationAccess,
    /// A barrier brings an image into another layout than the one that is wanted.
    WrongNewLayout,
    /// A barrier takes an image for being in another layout than it is.
    WrongOldLayout,
    /// A barrier throws away contents that are read.
    Discard,
    /// An access is told another layout.
    WrongAccessLayout,
    /// A reader runs before the barrier that it waits for.
    SwapWithBarrier,
    /// A reader runs before the writer.
    SwapNodes,
    /// A dependency comes one barrier command too late.
    Late,
    /// A dependency leaves out a part of the resource.
    ShrinkRegion,
    /// A layout change before the first frame is left out.
    DropInitial,
    /// A sink does not run at all.
    DropNode,
    /// A sink runs twice.
    RepeatNode,
    /// A sink does not run in some state of the switches.
    SkipNode,
}

impl Breakage {
    /// All ways.
    pub const ALL: [Self; 19] = [
        Self::DropDependency,
        Self::DropOrder,
        Self::DropBarrier,
        Self::DropSourceAccess,
        Self::DropSourceStage,
        Self::DropDestinationStage,
        Self::DropDestinationAccess,
        Self::WrongNewLayout,
        Self::WrongOldLayout,
        Self::Discard,
        Self::WrongAccessLayout,
        Self::SwapWithBarrier,
        Self::SwapNodes,
        Self::Late,
        Self::ShrinkRegion,
        Self::DropInitial,
        Self::DropNode,
        Self::RepeatNode,
        Self::SkipNode,
    ];
}

/// The plan broken in one way, at a random place where that breaks it; `None` where there is no such place.
pub fn break_plan(input: &Input, plan: &Plan, how: Breakage, random: &mut Random) -> Option<Plan> {
    let cells = Cells::of(input, plan);
    let timeline = Timeline::of(input, plan, &cells);
    let breaker = Breaker { input, plan, cells, timeline };
    let mut broken = plan.clone();
    match how {
        Breakage::DropNode | Breakage::RepeatNode | Breakage::SkipNode => {
            breaker.break_node(how, random, &mut broken)?
        }
        Breakage::DropInitial => breaker.drop_initial(random, &mut broken)?,
        Breakage::WrongAccessLayout => breaker.mislead_access(random, &mut broken)?,
        _ => {
            let hazards = breaker.hazards();
            let mut places: Vec<&Hazard> = hazards.iter().filter(|hazard| breaker.breaks(how, hazard)).collect();
            if places.is_empty() {
                return None;
            }
            let place = places.swap_remove(random.below(places.len() as u32) as usize);
            breaker.break_at(how, place, random, &mut broken)?;
        }
    }
    Some(broken)
}

/// A dependency in one of its cells, between accesses that always happen.
struct Hazard {
    barrier: u32,
    /// The step of the barrier.
    step: usize,
    index: u32,
    cell: Region,
    around: Around,
}

impl Hazard {
    /// The write that the dependency makes available, if it does.
    fn write(&self) -> Option<&Touch> {
        self.around.write.as_ref().filter(|write| self.around.reads.is_empty() && write.node.is_some())
    }

    /// What waits for it: the readers, else the next writer.
    fn waiting(&self) -> impl Iterator<Item = &Touch> {
        let next = self.around.next_write.as_ref().filter(|_| self.around.next_reads.is_empty());
        self.around.next_reads.iter().chain(next)
    }

    fn read_stages(&self) -> PipelineStageFlags2 {
        self.around.reads.iter().fold(PipelineStageFlags2::NONE, |all, read| all | read.usage.stages)
    }
}

struct Breaker<'a> {
    input: &'a Input,
    plan: &'a Plan,
    cells: Cells,
    timeline: Timeline,
}

impl Breaker<'_> {
    fn hazards(&self) -> Vec<Hazard> {
        let mut hazards = Vec::new();
        for (step, at) in self.plan.steps.iter().zip(0..) {
            let Step::Barrier(barrier) = *step else { continue };
            for index in self.plan.barriers[barrier as usize].clone() {
                let dependency = self.dependency(index);
                for cell in self.cells.within(dependency.resource, dependency.region) {
                    let around = self.timeline.around(dependency.resource, cell, index);
                    let cell = self.cells.all(dependency.resource)[cell];
                    let hazard = Hazard { barrier, step: at, index, cell, around };
                    let sources = hazard.around.write.iter().chain(&hazard.around.reads);
                    // What is outside the graph may not mind.
                    let firm = |touch: &Touch| touch.node.is_some() && !touch.conditional;
                    if sources.chain(hazard.waiting()).all(firm) && hazard.waiting().next().is_some() {
                        hazards.push(hazard);
                    }
                }
            }
        }
        hazards
    }

    fn dependency(&self, index: u32) -> &Dependency {
        &self.plan.dependencies[index as usize]
    }

    /// Whether this way breaks the plan at this place.
    fn breaks(&self, how: Breakage, hazard: &Hazard) -> bool {
        let dependency = self.dependency(hazard.index);
        let after_write = hazard.write().is_some_and(|write| !writes_of(write.usage.access).is_empty());
        let image = self.input.resources[dependency.resource.0 as usize].image;
        let changes = image && dependency.old_layout != dependency.new_layout;
        let reads = !hazard.around.next_reads.is_empty();
        match how {
            Breakage::DropDependency | Breakage::DropBarrier => after_write || changes,
            Breakage::DropSourceAccess | Breakage::DropSourceStage | Breakage::DropDestinationStage => after_write,
            Breakage::ShrinkRegion => after_write && shrink(dependency.region, hazard.cell).is_some(),
            Breakage::DropOrder => {
                let others = self.plan.dependencies.iter().enumerate().filter(|(at, _)| *at != hazard.index as usize);
                let mut others = others.map(|(_, other)| other.src_stages);
                !hazard.around.reads.is_empty() && !others.any(|stages| stages.intersects(hazard.read_stages()))
            }
            Breakage::DropDestinationAccess => after_write && reads,
            Breakage::WrongNewLayout => image,
            Breakage::WrongOldLayout => image && dependency.old_layout != ImageLayout::UNDEFINED,
            Breakage::Discard => after_write && reads && image,
            Breakage::SwapWithBarrier | Breakage::Late => after_write && self.next_node(hazard).is_some(),
            Breakage::SwapNodes => after_write && self.reader_in_frame(hazard).is_some(),
            _ => false,
        }
    }

    fn break_at(&self, how: Breakage, hazard: &Hazard, random: &mut Random, broken: &mut Plan) -> Option<()> {
        let dependency = &mut broken.dependencies[hazard.index as usize];
        match how {
            Breakage::DropDependency | Breakage::DropOrder => remove(broken, hazard.barrier, hazard.index),
            Breakage::DropBarrier => broken.barriers[hazard.barrier as usize] = 0..0,
            Breakage::DropSourceAccess => dependency.src_access = AccessFlags2::NONE,
            Breakage::DropSourceStage => dependency.src_stages &= !one_stage(dependency.src_stages, random),
            Breakage::DropDestinationStage => {
                let stages = hazard.waiting().fold(PipelineStageFlags2::NONE, |all, touch| all | touch.usage.stages);
                dependency.dst_stages &= !one_stage(stages, random);
            }
            Breakage::DropDestinationAccess => dependency.dst_access &= !hazard.around.next_reads[0].usage.access,
            Breakage::WrongNewLayout => dependency.new_layout = another_layout(dependency.new_layout),
            Breakage::WrongOldLayout => dependency.old_layout = another_layout(dependency.old_layout),
            Breakage::Discard => dependency.old_layout = ImageLayout::UNDEFINED,
            Breakage::ShrinkRegion => dependency.region = shrink(dependency.region, hazard.cell)?,
            Breakage::SwapWithBarrier => {
                let node = self.next_node(hazard)?;
                broken.steps[hazard.step..=node].rotate_right(1);
            }
            Breakage::SwapNodes => {
                let (writer, reader) = self.reader_in_frame(hazard)?;
                broken.steps.swap(writer, reader);
            }
            Breakage::Late => {
                let moved = *dependency;
                remove(broken, hazard.barrier, hazard.index);
                broken.dependencies.push(moved);
                // A command of its own right after the node that should have waited.
                let end = broken.dependencies.len() as u32;
                broken.barriers.push(end - 1..end);
                let command = Step::Barrier(broken.barriers.len() as u32 - 1);
                broken.steps.insert(self.next_node(hazard)? + 1, command);
            }
            _ => return None,
        }
        Some(())
    }

    /// The step of a node that waits for this dependency in the frame that records it, before any other barrier.
    fn next_node(&self, hazard: &Hazard) -> Option<usize> {
        let rest = self.plan.steps.iter().enumerate().skip(hazard.step + 1);
        let run = rest.take_while(|(_, step)| matches!(step, Step::Node(_)));
        let waits = |node: NodeId| hazard.waiting().any(|touch| self.is_now(hazard, touch, node));
        // A node that waits for itself, a frame ago, waits wherever in the frame the barrier is.
        let writer = hazard.write().and_then(|write| write.node).map(|(node, _)| node);
        let waits = |node: NodeId| Some(node) != writer && waits(node);
        run.filter(|(_, step)| matches!(step, Step::Node(node) if waits(*node))).map(|(at, _)| at).next()
    }

    /// Whether this touch is the node's, on the copy that the dependency names when it is recorded.
    fn is_now(&self, hazard: &Hazard, touch: &Touch, node: NodeId) -> bool {
        let of = touch.node.filter(|(of, _)| *of == node);
        of.is_some_and(|(_, id)| self.input.accesses[id as usize].age == self.dependency(hazard.index).age)
    }

    /// The steps of the writer and of a reader that comes after it in the same frame, at the same age.
    fn reader_in_frame(&self, hazard: &Hazard) -> Option<(usize, usize)> {
        let step_of = |node: NodeId| self.plan.steps.iter().position(|step| *step == Step::Node(node));
        let (writer, write) = hazard.write()?.node?;
        let writer = step_of(writer)?;
        let age = self.input.accesses[write as usize].age;
        let same_age = |(_, id): &(NodeId, u32)| self.input.accesses[*id as usize].age == age;
        let readers = hazard.around.next_reads.iter().filter_map(|touch| touch.node).filter(same_age);
        readers.filter_map(|(node, _)| step_of(node)).find(|&reader| reader > writer).map(|reader| (writer, reader))
    }

    fn break_node(&self, how: Breakage, random: &mut Random, broken: &mut Plan) -> Option<()> {
        let sink = |step: &Step| matches!(step, Step::Node(node) if self.input.nodes[node.0 as usize].sink);
        let places: Vec<usize> = (0..broken.steps.len()).filter(|&at| sink(&broken.steps[at])).collect();
        if places.is_empty() {
            return None;
        }
        let place = *random.pick(&places);
        let Step::Node(node) = broken.steps[place] else { return None };
        match how {
            Breakage::DropNode => drop(broken.steps.remove(place)),
            Breakage::RepeatNode => broken.steps.insert(place, Step::Node(node)),
            _ if self.input.switches == 0 => return None,
            _ => broken.conditions[node.0 as usize] = Some(Condition { mask: 1, value: 1 }),
        }
        Some(())
    }

    fn mislead_access(&self, random: &mut Random, broken: &mut Plan) -> Option<()> {
        let always = |node: usize| self.plan.conditions[node] == Some(Condition::ALWAYS);
        let nodes = self.input.nodes.iter().enumerate().filter(|(node, _)| always(*node));
        let ids = nodes.flat_map(|(_, node)| node.accesses.clone()).filter(|&id| {
            let access = &self.input.accesses[id as usize];
            self.input.resources[access.resource.0 as usize].image && access.condition == Condition::ALWAYS
        });
        let ids: Vec<u32> = ids.collect();
        if ids.is_empty() {
            return None;
        }
        let layout = &mut broken.layouts[*random.pick(&ids) as usize];
        *layout = another_layout(*layout);
        Some(())
    }

    /// A change before the first frame is needed if the copy meets a barrier that counts on it, or an access, before it is
    /// discarded.
    fn drop_initial(&self, random: &mut Random, broken: &mut Plan) -> Option<()> {
        let is_needed = |at: &usize| {
            let change = &self.plan.initial[*at];
            self.cells.within(change.resource, change.region).any(|cell| {
                let events = self.timeline.events(change.resource, cell);
                let first = events.partition_point(|event| event.0 < (change.age, i64::MIN));
                match events[first..].iter().chain(events).map(|event| event.1).next() {
                    Some(What::Dependency(index)) => self.dependency(index).old_layout != ImageLayout::UNDEFINED,
                    Some(What::Touch(touch)) => touch.node.is_some() && !touch.conditional,
                    None => false,
                }
            })
        };
        let places: Vec<usize> = (0..self.plan.initial.len()).filter(is_needed).collect();
        if places.is_empty() {
            return None;
        }
        broken.initial.remove(*random.pick(&places));
        Some(())
    }
}

/// Takes a dependency out of its command, which gets a range of its own at the end.
fn remove(plan: &mut Plan, barrier: u32, index: u32) {
    let range = plan.barriers[barrier as usize].clone();
    let start = plan.dependencies.len() as u32;
    let rest: Vec<Dependency> =
        range.filter(|other| *other != index).map(|other| plan.dependencies[other as usize]).collect();
    plan.dependencies.extend(rest);
    plan.barriers[barrier as usize] = start..plan.dependencies.len() as u32;
}

fn one_stage(stages: PipelineStageFlags2, random: &mut Random) -> PipelineStageFlags2 {
    let bits: Vec<u64> = (0..64).map(|bit| 1 << bit).filter(|bit| stages.as_raw() & bit != 0).collect();
    PipelineStageFlags2::from_raw(*random.pick(&bits))
}

/// A layout that no access of the generated graphs could use in the place of the given one.
fn another_layout(layout: ImageLayout) -> ImageLayout {
    if layout == ImageLayout::TRANSFER_DST_OPTIMAL {
        ImageLayout::PREINITIALIZED
    } else {
        ImageLayout::TRANSFER_DST_OPTIMAL
    }
}

/// A smaller region that leaves out at least a part of the cell.
fn shrink(region: Region, cell: Region) -> Option<Region> {
    if cell.major[0] > region.major[0] {
        return Some(Region { major: [region.major[0], cell.major[0]], ..region });
    }
    if cell.minor[0] > region.minor[0] {
        return Some(Region { minor: [region.minor[0], cell.minor[0]], ..region });
    }
    let long = region.major[1] - region.major[0] > 1;
    long.then(|| Region { major: [region.major[0] + 1, region.major[1]], ..region })
}
