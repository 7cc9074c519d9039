//! All that happens to a cell in a frame, in the order of its time, and what stands on either side of a dependency.

use ash::vk::ImageLayout;

use super::grid::{Cells, happens, meets_itself, outside};
use crate::plan::{Condition, Effect, Input, NodeId, Plan, ResourceId, Step, Use};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A node touches the cell.
    Touch(Touch),
    /// A dependency, an index into `Plan::dependencies`, names the cell.
    Dependency(u32),
}

/// An access, or what is outside the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// The node and its access, an index; `None` for what is outside.
    pub node: Option<(NodeId, u32)>,
    /// How it touches.
    pub usage: Use,
    /// What it does to the contents.
    pub effect: Effect,
    /// The layout that the plan gives it.
    pub layout: ImageLayout,
    /// It does not happen in every state of the switches.
    pub conditional: bool,
}

/// When: the age of the copy, then the step.
type Time = (u32, i64);

/// What happens to the cells of every resource.
pub struct Timeline {
    of: Vec<Vec<Vec<(Time, What)>>>,
    cyclic: Vec<bool>,
}

/// What stands on either side of a dependency, up to the nearest write.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The last write before it, if any.
    pub write: Option<Touch>,
    /// The reads between that and the dependency.
    pub reads: Vec<Touch>,
    /// The reads between the dependency and the next write.
    pub next_reads: Vec<Touch>,
    /// The next write, if any.
    pub next_write: Option<Touch>,
}

impl Timeline {
    /// The timeline of a plan.
    pub fn of(input: &Input, plan: &Plan, cells: &Cells) -> Self {
        let ids = (0..input.resources.len() as u32).map(ResourceId);
        let of = ids.clone().map(|id| vec![Vec::new(); cells.all(id).len()]).collect();
        let mut timeline = Self { of, cyclic: ids.map(|id| meets_itself(input, plan, id)).collect() };
        for (step, at) in plan.steps.iter().zip(0..) {
            match *step {
                Step::Node(node) => timeline.add_node(input, plan, cells, node, at),
                Step::Barrier(barrier) => {
                    for index in plan.barriers[barrier as usize].clone() {
                        let dependency = &plan.dependencies[index as usize];
                        let time = (dependency.age, at);
                        for cell in cells.within(dependency.resource, dependency.region) {
                            let events = &mut timeline.of[dependency.resource.0 as usize][cell];
                            events.push((time, What::Dependency(index)));
                        }
                    }
                }
            }
        }
        for (id, cells) in (0..).map(ResourceId).zip(&mut timeline.of) {
            let (entry, exit) = outside(input, plan, id);
            let ends = [(entry, Effect::Write, -1), (exit, Effect::ReadWrite, plan.steps.len() as i64)];
            for events in cells.iter_mut() {
                let touched = events.iter().any(|(_, what)| matches!(what, What::Touch(_)));
                for (usage, effect, at) in ends.iter().filter(|_| touched) {
                    let touch = |&usage: &Use| Touch {
                        node: None,
                        usage,
                        effect: *effect,
                        layout: usage.layout,
                        conditional: false,
                    };
                    events.extend(usage.iter().map(touch).map(|touch| ((0, *at), What::Touch(touch))));
                }
                events.sort_by_key(|event| event.0);
            }
        }
        timeline
    }

    fn add_node(&mut self, input: &Input, plan: &Plan, cells: &Cells, node: NodeId, at: i64) {
        let runs = plan.conditions[node.0 as usize];
        for id in input.nodes[node.0 as usize].accesses.clone() {
            let access = &input.accesses[id as usize];
            if !happens(plan, node, access) {
                continue;
            }
            let touch = What::Touch(Touch {
                node: Some((node, id)),
                usage: access.usage,
                effect: access.effect,
                layout: plan.layouts[id as usize],
                conditional: access.condition != Condition::ALWAYS || runs != Some(Condition::ALWAYS),
            });
            for cell in cells.within(access.resource, access.region) {
                self.of[access.resource.0 as usize][cell].push(((access.age, at), touch));
            }
        }
    }

    /// The events of a cell.
    pub fn events(&self, resource: ResourceId, cell: usize) -> &[(Time, What)] {
        &self.of[resource.0 as usize][cell]
    }

    /// What stands around a dependency in a cell that it names.
    pub fn around(&self, resource: ResourceId, cell: usize, dependency: u32) -> Around {
        let events = self.events(resource, cell);
        let at = events.iter().position(|(_, what)| *what == What::Dependency(dependency)).unwrap_or(0);
        let (earlier, later) = (&events[..at], &events[at + 1..]);
        let round = if self.cyclic[resource.0 as usize] { events } else { &[] };
        let mut around = Around::default();
        for (_, what) in earlier.iter().rev().chain(round.iter().rev()) {
            match what {
                What::Touch(touch) if touch.effect == Effect::Read => around.reads.push(*touch),
                What::Touch(touch) => {
                    around.write = Some(*touch);
                    break;
                }
                What::Dependency(_) => {}
            }
        }
        for (_, what) in later.iter().chain(round) {
            match what {
                What::Touch(touch) if touch.effect == Effect::Read => around.next_reads.push(*touch),
                What::Touch(touch) => {
                    around.next_write = Some(*touch);
                    break;
                }
                What::Dependency(_) => {}
            }
        }
        around
    }
}
