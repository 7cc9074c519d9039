//! The planner: pure functions from declared nodes to order, barriers, layouts, lifetimes and segments.
//!
//! `check` refuses what no graph can mean, `lanes` cuts the resources into cells, `cull` finds what runs, `order` and `shuffle` put nodes into batches, `track` tells
//! the life of a cell around the frame boundary, `barriers` and `layouts` close its hazards, `regions` puts the cells
//! together again, `steps` and `segments` say what is recorded with what.
//!
//! Planning takes time linear in nodes, resources and accesses, an access of a split resource counted once for each cell it
//! covers; exceptions need more than one of something that is nearly always one: `cull` goes over all accesses twice more for
//! each switch, and once more for each frame that a history carries liveness back through; `regions` sorts the dependencies
//! of a split resource; `layouts` repeats a split image until its readers agree. `./x bench plan` times it.

mod barriers;
mod check;
mod cull;
mod error;
mod lanes;
mod layouts;
mod model;
mod order;
mod regions;
mod segments;
mod shuffle;
mod steps;
mod track;

pub use cull::cull;
pub use error::PlanError;
pub use model::*;

/// How to plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Chooses another valid order and plans the barriers for it. Same seed, same plan. Without one the plan has the fewest
    /// barrier commands.
    pub seed: Option<u64>,
    /// Into how many segments a long run of dynamic nodes is cut, so that as many threads can record it; 0 is taken for 1.
    pub pieces: u32,
}

/// Plans a frame.
///
/// Every barrier command holds for every history phase, every frame slot and every state of the switches: barriers are
/// planned as though every access happened, and are executed in every state.
pub fn plan(input: &Input, options: &Options) -> Result<Plan, PlanError> {
    let mut lanes = lanes::Lanes::cut(input)?;
    let conditions = cull::conditions(input, &lanes);
    lanes.fill(input, &conditions)?;
    let bounds = track::Bounds::all(input, &lanes);
    let hazards = order::Hazards { input, lanes: &lanes, bounds: &bounds };
    let kinds = steps::Kinds::of(input, &lanes, &conditions);
    let (schedule, order) = match options.seed {
        Some(seed) => shuffle::shuffled(&hazards, &conditions, seed),
        None => {
            let schedule = order::fewest(&hazards, &conditions);
            let order = steps::arrange(&schedule, &kinds);
            (schedule, order)
        }
    };
    let steps = steps::Steps::of(&schedule, &order);
    let closed = barriers::close(input, &lanes, &bounds, &schedule, &steps, &conditions)?;
    let intervals = steps.intervals(input, &conditions, closed.intervals);
    let (dependencies, barriers) = closed.dependencies.finish(schedule.commands());
    let (initial, _) = closed.initial.finish(1);
    let layouts = closed.layouts;
    let steps = steps.steps;
    let mut plan = Plan { steps, barriers, dependencies, initial, layouts, conditions, intervals, ..Plan::default() };
    plan.segments = segments::segments(input, &lanes, &order, &plan, &kinds);
    if options.pieces > 1 {
        plan.segments = segments::cut(plan.segments, options.pieces);
    }
    Ok(plan)
}

/// For each node, when it runs; `None` where no sink needs it. [`plan`] says the same in [`Plan::conditions`].
pub fn conditions(input: &Input) -> Result<Vec<Option<Condition>>, PlanError> {
    Ok(cull::conditions(input, &lanes::Lanes::cut(input)?))
}
