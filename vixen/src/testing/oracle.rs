//! The happens-before oracle: runs a plan for several frames on a model of memory and reports what goes wrong.
//!
//! It shares no code with the planner but the model. It knows physical copies, not ages; it goes forward through time,
//! command by command, where the planner looks at one resource at a time.

use ash::vk::ImageLayout;

use super::grid::{Cells, copies, happening, outside};
use super::memory::{Cell, Contents, Fault};
use crate::plan::{Access, Effect, Input, NodeId, Plan, Residency, ResourceId, Step, Use};

/// How many frames are in flight, and so how many copies a per-slot resource has.
const SLOTS: u32 = 2;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// In which frame.
    pub frame: u32,
    /// At which step; the number of steps for the end of the frame.
    pub step: u32,
    /// For which resource.
    pub resource: ResourceId,
}

/// Runs as many frames as there are states: `states[n]` holds the position of every switch in frame `n`.
pub fn run(input: &Input, plan: &Plan, states: &[u32]) -> Vec<Finding> {
    let mut world = World::new(input, plan);
    for (frame, &state) in (0..).zip(states) {
        world.run_frame(frame, state, states.iter().all(|other| *other == states[0]));
    }
    world.findings
}

/// How many frames it takes until every copy of every history has met every age.
pub fn frames(input: &Input) -> usize {
    input.resources.iter().map(copies).max().unwrap_or(1).max(2) as usize + 1
}

struct World<'a> {
    input: &'a Input,
    plan: &'a Plan,
    cells: Cells,
    /// For each resource its copies, each with the same cells.
    memory: Vec<Vec<Vec<Cell>>>,
    /// What touches each resource from outside.
    outside: Vec<(Option<Use>, Option<Use>)>,
    /// Which cells of each resource an access of age 0 can touch.
    touched: Vec<Vec<bool>>,
    /// What each cell would hold if every node ran in the order of the input.
    reference: Vec<Vec<Vec<Contents>>>,
    findings: Vec<Finding>,
    frame: u32,
    step: u32,
}

impl<'a> World<'a> {
    fn new(input: &'a Input, plan: &'a Plan) -> Self {
        let cells = Cells::of(input, plan);
        let count = |id: u32| cells.all(ResourceId(id)).len();
        let ring = |id: u32| {
            let resource = &input.resources[id as usize];
            if resource.residency == Residency::PerSlot { SLOTS } else { copies(resource) }
        };
        let ids = 0..input.resources.len() as u32;
        let memory = ids.clone().map(|id| vec![vec![Cell::default(); count(id)]; ring(id) as usize]).collect();
        let reference = ids.map(|id| vec![vec![Contents::Initial; count(id)]; ring(id) as usize]).collect();
        let outside = (0..input.resources.len() as u32).map(|id| outside(input, plan, ResourceId(id))).collect();
        let touched = touched(input, plan, &cells);
        let findings = Vec::new();
        let mut world = Self { input, plan, cells, memory, outside, touched, reference, findings, frame: 0, step: 0 };
        world.make_initial_changes();
        world
    }

    fn make_initial_changes(&mut self) {
        for dependency in &self.plan.initial {
            let id = dependency.resource;
            let slots = if self.input.resources[id.0 as usize].residency == Residency::PerSlot { SLOTS } else { 1 };
            for slot in 0..slots {
                self.frame = slot;
                let copy = self.copy(id, dependency.age);
                let mut faults = Vec::new();
                for cell in self.cells.within(id, dependency.region) {
                    let cell = &mut self.memory[id.0 as usize][copy][cell];
                    cell.barrier(dependency, true, &mut faults);
                    cell.contents = Contents::Initial;
                }
                self.report(id, faults);
            }
        }
    }

    /// The physical copy that has an age in the current frame.
    fn copy(&self, id: ResourceId, age: u32) -> usize {
        let ring = self.memory[id.0 as usize].len() as u32;
        ((self.frame + ring - age % ring) % ring) as usize
    }

    fn report(&mut self, resource: ResourceId, faults: Vec<Fault>) {
        let (frame, step) = (self.frame, self.step);
        self.findings.extend(faults.into_iter().map(|fault| Finding { fault, frame, step, resource }));
    }

    fn run_frame(&mut self, frame: u32, state: u32, steady: bool) {
        (self.frame, self.step) = (frame, 0);
        (0..self.input.resources.len() as u32).for_each(|id| self.enter(ResourceId(id)));
        let expected = self.imagine(state);
        let mut runs = vec![0; self.input.nodes.len()];
        let mut order = Order::default();
        for (at, &step) in (0..).zip(&self.plan.steps) {
            self.step = at;
            match step {
                Step::Barrier(barrier) => self.barrier(barrier),
                Step::Node(node) => {
                    runs[node.0 as usize] += 1;
                    let holds = self.plan.conditions[node.0 as usize].is_some_and(|condition| condition.holds(state));
                    if holds {
                        self.node(node, state, &expected, steady, &mut order);
                    }
                }
            }
        }
        self.step = self.plan.steps.len() as u32;
        for (node, (runs, condition)) in runs.into_iter().zip(&self.plan.conditions).enumerate() {
            let sink = self.input.nodes[node].sink;
            let skipped_sink = sink && !condition.is_some_and(|condition| condition.holds(state));
            if runs != u32::from(condition.is_some()) || skipped_sink {
                self.report(ResourceId(0), vec![Fault::Missing]);
            }
        }
        (0..self.input.resources.len() as u32).for_each(|id| self.leave(ResourceId(id), steady));
    }

    /// The start of a frame for one resource.
    fn enter(&mut self, id: ResourceId) {
        let resource = &self.input.resources[id.0 as usize];
        let copy = self.copy(id, 0);
        let (entry, _) = self.outside[id.0 as usize];
        let own = resource.entry.is_some();
        for (cell, reference) in
            self.memory[id.0 as usize][copy].iter_mut().zip(&mut self.reference[id.0 as usize][copy])
        {
            if resource.residency == Residency::PerSlot {
                cell.wait_on_host();
            }
            // A transient has no contents at the start of a frame but what somebody outside has put there.
            let blank = resource.image && entry.is_some_and(|entry| entry.layout == ImageLayout::UNDEFINED);
            let transient = resource.residency == Residency::Transient;
            if transient || blank {
                let contents = if own && !blank { Contents::Initial } else { Contents::Lost };
                (cell.contents, *reference) = (contents, contents);
            }
            if let Some(entry) = entry {
                // What is only known to have been left like this by the frame before is in the layout that that gave it.
                let implied = !own && matches!(resource.residency, Residency::Transient | Residency::Persistent);
                cell.enter(entry, resource.image && (!implied || blank));
            }
        }
    }

    /// For each access the contents that it should find, going through the nodes in the order of the input, all of them.
    fn imagine(&mut self, state: u32) -> Vec<Vec<Contents>> {
        let mut expected = vec![Vec::new(); self.input.accesses.len()];
        for (node, item) in (0..).zip(&self.input.nodes) {
            let ids = item.accesses.clone().filter(|id| self.input.accesses[*id as usize].condition.holds(state));
            for id in ids.clone() {
                let access = &self.input.accesses[id as usize];
                let copy = self.copy(access.resource, access.age);
                let reference = &mut self.reference[access.resource.0 as usize][copy];
                for cell in self.cells.within(access.resource, access.region) {
                    expected[id as usize].push(reference[cell]);
                    if access.effect.writes() {
                        reference[cell] = Contents::Node { node, frame: self.frame };
                    }
                }
            }
        }
        expected
    }

    fn barrier(&mut self, barrier: u32) {
        let range = self.plan.barriers[barrier as usize].clone();
        for dependency in &self.plan.dependencies[range.start as usize..range.end as usize] {
            let id = dependency.resource;
            let is_image = self.input.resources[id.0 as usize].image;
            let copy = self.copy(id, dependency.age);
            let mut faults = Vec::new();
            for cell in self.cells.within(id, dependency.region) {
                self.memory[id.0 as usize][copy][cell].barrier(dependency, is_image, &mut faults);
            }
            self.report(id, faults);
        }
    }

    fn node(&mut self, node: NodeId, state: u32, expected: &[Vec<Contents>], steady: bool, order: &mut Order) {
        for id in self.input.nodes[node.0 as usize].accesses.clone() {
            let access = &self.input.accesses[id as usize];
            if !access.condition.holds(state) {
                continue;
            }
            let mut faults = Vec::new();
            let is_image = self.input.resources[access.resource.0 as usize].image;
            let layout = self.plan.layouts[id as usize];
            if is_image && !serves(layout, access) {
                faults.push(Fault::Layout);
            }
            let copy = self.copy(access.resource, access.age);
            for (cell, expected) in self.cells.within(access.resource, access.region).zip(&expected[id as usize]) {
                if order.is_wrong(access, cell, node) {
                    faults.push(Fault::Order);
                }
                let cell = &mut self.memory[access.resource.0 as usize][copy][cell];
                if is_image && cell.layout != layout {
                    faults.push(Fault::Layout);
                }
                if access.effect != Effect::Write {
                    check_contents(cell.contents, *expected, self.frame, steady, &mut faults);
                }
                match access.effect {
                    Effect::Read => cell.read(access.usage, &mut faults),
                    Effect::Write => cell.write(access.usage, false, &mut faults),
                    Effect::ReadWrite => cell.write(access.usage, true, &mut faults),
                }
                if access.effect.writes() {
                    cell.contents = Contents::Node { node: node.0, frame: self.frame };
                }
            }
            self.report(access.resource, faults);
        }
    }

    /// The end of a frame for one resource.
    fn leave(&mut self, id: ResourceId, steady: bool) {
        let resource = &self.input.resources[id.0 as usize];
        let copy = self.copy(id, 0);
        let (_, exit) = self.outside[id.0 as usize];
        let mut faults = Vec::new();
        for (index, cell) in self.memory[id.0 as usize][copy].iter_mut().enumerate() {
            let touched = self.touched[id.0 as usize][index];
            if let Some(exit) = exit.filter(|_| touched) {
                cell.exit(exit, resource.image, &mut faults);
            }
            if resource.sink && touched {
                let expected = self.reference[id.0 as usize][copy][index];
                check_contents(cell.contents, expected, self.frame, steady, &mut faults);
            }
        }
        self.report(id, faults);
    }
}

fn touched(input: &Input, plan: &Plan, cells: &Cells) -> Vec<Vec<bool>> {
    let ids = (0..input.resources.len() as u32).map(ResourceId);
    let mut touched: Vec<_> = ids.map(|id| vec![false; cells.all(id).len()]).collect();
    for (_, _, access) in happening(input, plan).filter(|(_, _, access)| access.age == 0) {
        cells.within(access.resource, access.region).for_each(|cell| touched[access.resource.0 as usize][cell] = true);
    }
    touched
}

/// Whether what is found is what the order of the input gives.
///
/// What a frame before left is only known if the switches never moved: a part that was off has left what it had.
fn check_contents(found: Contents, expected: Contents, frame: u32, steady: bool, faults: &mut Vec<Fault>) {
    let from_this_frame = |contents| matches!(contents, Contents::Node { frame: written, .. } if written == frame);
    if found == Contents::Lost && expected != Contents::Lost {
        faults.push(Fault::Discarded);
    } else if found != expected && (steady || from_this_frame(found) || from_this_frame(expected)) {
        faults.push(Fault::WrongContents);
    }
}

/// Whether an access can use an image in a layout.
fn serves(layout: ImageLayout, access: &Access) -> bool {
    let wanted = access.usage.layout;
    let sampled = [ImageLayout::SHADER_READ_ONLY_OPTIMAL, ImageLayout::DEPTH_STENCIL_READ_ONLY_OPTIMAL];
    let reads = access.effect == Effect::Read;
    layout == wanted
        || reads && layout == ImageLayout::GENERAL
        || reads && layout == sampled[1] && sampled.contains(&wanted)
}

/// What has run in a frame, to see whether conflicting accesses keep the order of the input.
#[derive(Default)]
struct Order {
    /// Resource, age and cell; the latest node of the input that read it and that wrote it, plus one.
    latest: std::collections::HashMap<(u32, u32, usize), (u32, u32)>,
}

impl Order {
    fn is_wrong(&mut self, access: &Access, cell: usize, node: NodeId) -> bool {
        let (read, written) = self.latest.entry((access.resource.0, access.age, cell)).or_default();
        if access.effect.writes() {
            let wrong = *read > node.0 + 1 || *written > node.0 + 1;
            *written = (*written).max(node.0 + 1);
            wrong
        } else {
            *read = (*read).max(node.0 + 1);
            *written > node.0 + 1
        }
    }
}
