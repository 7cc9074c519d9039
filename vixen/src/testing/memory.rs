//! What the Vulkan memory model says about one cell of one physical copy while commands go by.
//!
//! A dependency acts on the resource that it names and on no other, and chains run through dependencies of that resource
//! only. Vulkan would also accept execution dependencies that another resource's barrier happens to bring; neither the
//! validation layer nor a plan that says what it does relies on them.

use ash::vk::{AccessFlags2, ImageLayout, PipelineStageFlags2};

use super::grid::writes_of;
use crate::plan::{Dependency, Use};

/// What wrote the contents of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// What was there before the first frame, or what something outside the graph has put there.
    Initial,
    /// A node in a frame.
    Node {
        /// The node.
        node: u32,
        /// The frame.
        frame: u32,
    },
    /// Nothing: they were discarded.
    Lost,
}

/// What is wrong with an access, a barrier or a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may run before something that it conflicts with has finished.
    Execution,
    /// It is ordered after a write, but the write is not available or not visible to it.
    Memory,
    /// The image is in another layout than the plan says, or than the access can use.
    Layout,
    /// It reads contents that have been discarded.
    Discarded,
    /// It reads contents other than those that the input's order gives it.
    WrongContents,
    /// Conflicting accesses run in another order than the input's.
    Order,
    /// A node does not run although a sink needs it, or runs twice.
    Missing,
    /// A dependency names other stages, accesses or layouts than the hazard has.
    Inexact,
    /// A dependency closes no hazard.
    Needless,
    /// Dependencies of one barrier command overlap, or could be one.
    Regions,
    /// Barriers, segments or intervals do not cover the steps as they must.
    Structure,
}

/// One stage of one access: what is ordered after it, and what sees it.
#[derive(Clone, Debug)]
struct Part {
    stages: PipelineStageFlags2,
    /// Whatever runs in these stages from now on runs after it.
    chain: PipelineStageFlags2,
    available: bool,
    visible: Vec<(PipelineStageFlags2, AccessFlags2)>,
}

impl Part {
    fn is_before(&self, stages: PipelineStageFlags2) -> bool {
        self.chain.contains(stages)
    }

    fn is_seen_by(&self, usage: Use, access: AccessFlags2) -> bool {
        bits(usage.stages).all(|stage| {
            let seen = self.visible.iter().filter(|(stages, _)| stages.contains(stage));
            seen.fold(AccessFlags2::NONE, |seen, (_, access)| seen | *access).contains(access)
        })
    }
}

/// What a layout change runs in: no access names it, so only its second scope leads on from it.
const TRANSITION: PipelineStageFlags2 = PipelineStageFlags2::from_raw(1 << 63);

/// An access that later ones may have to wait for.
#[derive(Clone, Debug)]
struct Record {
    parts: Vec<Part>,
    /// The writes that must be made available.
    writes: AccessFlags2,
}

impl Record {
    fn new(usage: Use) -> Self {
        let part = |stages| Part { stages, chain: PipelineStageFlags2::NONE, available: false, visible: Vec::new() };
        let mut parts: Vec<_> = bits(expand(usage.stages)).map(part).collect();
        if parts.is_empty() {
            parts.push(part(PipelineStageFlags2::NONE));
        }
        Self { parts, writes: writes_of(usage.access) }
    }

    /// A layout change: done before its second scope, and seen by it.
    fn transition(dependency: &Dependency) -> Self {
        let (stages, access) = (expand(dependency.dst_stages), expand_access(dependency.dst_access));
        let part = Part { stages: TRANSITION, chain: stages, available: true, visible: vec![(stages, access)] };
        Self { parts: vec![part], writes: AccessFlags2::NONE }
    }

    /// Takes part in a dependency; returns whether all of it is in the first scope.
    fn meet(&mut self, dependency: &Dependency) -> bool {
        let (src, dst) = (expand(dependency.src_stages), expand(dependency.dst_stages));
        let mut all = true;
        for part in &mut self.parts {
            let direct = src.contains(part.stages);
            if !direct && !part.chain.intersects(src) {
                all = false;
                continue;
            }
            part.available |= direct && expand_access(dependency.src_access).contains(self.writes);
            part.chain |= dst;
            if part.available {
                part.visible.push((dst, expand_access(dependency.dst_access)));
            }
        }
        all
    }
}

/// One cell of one physical copy.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The layout that it is in.
    pub layout: ImageLayout,
    /// What wrote its contents.
    pub contents: Contents,
    write: Option<Record>,
    reads: Vec<Record>,
}

impl Default for Cell {
    /// A cell that nothing has touched.
    fn default() -> Self {
        Self { layout: ImageLayout::UNDEFINED, contents: Contents::Initial, write: None, reads: Vec::new() }
    }
}

impl Cell {
    /// The host has waited for all that the GPU did here.
    pub fn wait_on_host(&mut self) {
        self.write = None;
        self.reads.clear();
    }

    /// Something outside the graph has touched it.
    pub fn enter(&mut self, usage: Use, is_image: bool) {
        self.write = Some(Record::new(usage));
        self.reads.clear();
        if is_image {
            self.layout = usage.layout;
        }
    }

    /// A barrier goes by.
    pub fn barrier(&mut self, dependency: &Dependency, is_image: bool, faults: &mut Vec<Fault>) {
        let mut all = true;
        for record in self.reads.iter_mut().chain(&mut self.write) {
            all &= record.meet(dependency);
        }
        if !is_image {
            if (dependency.old_layout, dependency.new_layout) != (ImageLayout::UNDEFINED, ImageLayout::UNDEFINED) {
                faults.push(Fault::Layout);
            }
            return;
        }
        let discards = dependency.old_layout == ImageLayout::UNDEFINED;
        if !discards && dependency.old_layout != self.layout || dependency.new_layout == ImageLayout::UNDEFINED {
            faults.push(Fault::Layout);
        }
        if discards {
            self.contents = Contents::Lost;
        }
        if discards || dependency.old_layout != dependency.new_layout {
            // A change of the layout is a write: what came before is over, and what was written is available.
            if !all {
                faults.push(Fault::Execution);
            }
            let unavailable = self.write.iter().flat_map(|write| &write.parts).any(|part| !part.available);
            if self.reads.is_empty() && unavailable {
                faults.push(Fault::Memory);
            }
            self.write = Some(Record::transition(dependency));
            self.reads.clear();
        }
        self.layout = dependency.new_layout;
    }

    /// An access that reads and does not write.
    pub fn read(&mut self, usage: Use, faults: &mut Vec<Fault>) {
        self.see(usage, usage.access, faults);
        self.reads.push(Record::new(usage));
    }

    /// An access that writes, and reads first if `updates`.
    pub fn write(&mut self, usage: Use, updates: bool, faults: &mut Vec<Fault>) {
        self.follow(usage, updates, faults);
        self.write = Some(Record::new(usage));
        self.reads.clear();
    }

    /// Something outside the graph comes after all that was done here.
    pub fn exit(&mut self, usage: Use, is_image: bool, faults: &mut Vec<Fault>) {
        self.follow(usage, true, faults);
        if is_image && self.layout != usage.layout {
            faults.push(Fault::Layout);
        }
    }

    fn follow(&self, usage: Use, updates: bool, faults: &mut Vec<Fault>) {
        if self.reads.iter().flat_map(|read| &read.parts).any(|part| !part.is_before(usage.stages)) {
            faults.push(Fault::Execution);
        }
        if self.reads.is_empty() {
            self.see(usage, usage.access, faults);
        } else if updates {
            self.see(usage, usage.access & !writes_of(usage.access), faults);
        }
    }

    /// Comes after the last write, and sees it with these accesses.
    fn see(&self, usage: Use, access: AccessFlags2, faults: &mut Vec<Fault>) {
        let parts = || self.write.iter().flat_map(|write| &write.parts);
        if parts().any(|part| !part.is_before(usage.stages)) {
            faults.push(Fault::Execution);
        } else if parts().any(|part| !part.is_seen_by(usage, access)) {
            faults.push(Fault::Memory);
        }
    }
}

/// The single stages of a mask.
fn bits(stages: PipelineStageFlags2) -> impl Iterator<Item = PipelineStageFlags2> {
    let mut rest = stages.as_raw();
    std::iter::from_fn(move || {
        let bit = rest & rest.wrapping_neg();
        rest ^= bit;
        (bit != 0).then_some(PipelineStageFlags2::from_raw(bit))
    })
}

fn expand(stages: PipelineStageFlags2) -> PipelineStageFlags2 {
    if stages.contains(PipelineStageFlags2::ALL_COMMANDS) {
        // Everything but the host, which no command of the GPU stands for.
        return PipelineStageFlags2::from_raw(u64::MAX) & !PipelineStageFlags2::HOST;
    }
    stages
}

fn expand_access(access: AccessFlags2) -> AccessFlags2 {
    if access.contains(AccessFlags2::MEMORY_READ | AccessFlags2::MEMORY_WRITE) {
        return AccessFlags2::from_raw(u64::MAX);
    }
    access
}
