//! `bench plan`: what planning costs, how many barrier commands it needs, and whether its plans hold. No GPU takes part.

use std::num::NonZero;
use std::thread;

use vixen::plan::{Input, Options, plan};
use vixen::testing::{campaign, fewest, graphs, shapes};

use crate::clock::Clock;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};

/// Nanoseconds for each access of a slot, at any size: time is linear.
const SLOT: Goal = Goal::AtMost(50.0);

/// Graphs whose plans are broken, each in every way that applies.
const BROKEN_GRAPHS: u32 = 500;

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let quick = |count: u64| if arguments.quick { count / 20 } else { count };
    let mut report = Report::new(processor());
    times(&mut report)?;
    barriers(&mut report, quick(100_000))?;
    hazards(&mut report, quick(10_000));
    Ok(report)
}

/// Time a slot, for graphs of 1,000 and of 10,000 nodes.
fn times(report: &mut Report) -> Result<(), Failure> {
    let clock = Clock::new();
    report.note(format!("{} of planning, medians, on a heap that is warm", clock.name()));
    // Freeing a block as large as this teaches the C library's heap to keep what is freed. Otherwise it gives a plan's memory
    // back to the system each time, and what is timed is page faults.
    drop(std::hint::black_box(vec![1u8; 30 << 20]));
    let inputs = |nodes| {
        [
            ("chain", shapes::chain(nodes)),
            ("layers", shapes::layers_in_place(10, nodes / 10)),
            ("random", shapes::random_reads(nodes, 1)),
        ]
    };
    let mut of_1000 = [0.0; 3];
    for (nodes, runs) in [(1_000, 201), (10_000, 51)] {
        for ((shape, input), of_1000) in inputs(nodes).into_iter().zip(&mut of_1000) {
            let mut samples = (0..runs).map(|_| time(&clock, &input)).collect::<Result<Vec<_>, _>>()?;
            let slots = input.accesses.len();
            let slot = median(&mut samples) / slots as f64;
            let row = Row::new(format!("ns_per_slot_{nodes}"), slot, "ns").goal(SLOT);
            report.add(row.key("shape", shape).key("nodes", nodes).key("slots", slots));
            if nodes == 1_000 {
                *of_1000 = slot;
            } else {
                let ratio = Row::new("ns_per_slot_10000_over_1000", slot / *of_1000, "times");
                report.add(ratio.key("shape", shape));
            }
        }
    }
    report.note(
        "planning is linear: what `ns_per_slot_10000_over_1000` has over 1 is a cache that no longer holds the graph",
    );
    Ok(())
}

/// Nanoseconds of one planning; freeing the plan is not part of it.
fn time(clock: &Clock, input: &Input) -> Result<f64, Failure> {
    let (taken, plan) = clock.measure(|| plan(input, &Options::default()));
    plan?;
    Ok(taken)
}

/// Barrier commands: of a known graph, and over the fewest that a search of all orders finds.
fn barriers(report: &mut Report, cases: u64) -> Result<(), Failure> {
    let layers = plan(&shapes::layers_in_place(10, 10), &Options::default())?;
    let commands = layers.barriers.len() as f64;
    report.add(Row::new("barrier_commands_layers_100", commands, "commands").goal(Goal::AtMost(10.0)));

    let dags: Vec<Input> = (1..=6)
        .flat_map(|nodes| shapes::unlabelled_dags(nodes).into_iter().map(move |edges| (nodes, edges)))
        .flat_map(|(nodes, edges)| {
            [shapes::Wiring::PerProducer, shapes::Wiring::PerEdge].map(|wiring| shapes::of_dag(nodes, &edges, wiring))
        })
        .collect();
    let of_dags = on_all_cores(dags.len() as u64, |index| over_fewest(&dags[index as usize]));
    let of_random = on_all_cores(cases, |seed| over_fewest(&graphs::random_of_seven(seed)));
    for (graphs, over) in [("all of 1 to 6 nodes", of_dags), ("random of 7 nodes", of_random)] {
        // Fewer than the fewest would mean that the search is wrong.
        let worst = over.iter().copied().max_by_key(|over| over.abs()).unwrap_or(0);
        let row = Row::new("barrier_commands_over_minimum_max", worst.into(), "commands").goal(Goal::AtMost(0.0));
        report.add(row.key("graphs", graphs).key("cases", over.len()));
        if let Some(&under) = over.iter().find(|&&over| over < 0) {
            report.note(format!("a plan has {} commands fewer than the search says are possible", -under));
        }
    }
    Ok(())
}

fn over_fewest(input: &Input) -> i32 {
    let plan = plan(input, &Options::default()).expect("the generators make valid inputs");
    plan.barriers.len() as i32 - fewest::fewest(input, &plan) as i32
}

/// What the oracle finds in plans that should have no hazard, and in plans that were broken on purpose.
fn hazards(report: &mut Report, graphs: u64) {
    let found = on_all_cores(graphs, |seed| campaign::findings(seed).len());
    let row = Row::new("hazards_found", found.iter().sum::<usize>() as f64, "hazards").goal(Goal::AtMost(0.0));
    report.add(row.key("graphs", graphs));

    let broken = campaign::broken(BROKEN_GRAPHS);
    let row = Row::new("broken_plans_caught", broken.caught().into(), "plans");
    let tried = broken.tried();
    report.add(row.goal(Goal::AtLeast(tried.into())).key("tried", tried).key("ways", broken.tried.len()));
    if let Some((seed, way)) = broken.missed.first() {
        report.note(format!("the oracle missed {way:?} in the plan of graph {seed}"));
    }
}

/// `work` of every number below `count`, in no order.
fn on_all_cores<T: Send>(count: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let work = &work;
    thread::scope(|scope| {
        let share = |first| scope.spawn(move || (first..count).step_by(threads).map(work).collect::<Vec<_>>());
        let shares: Vec<_> = (0..threads as u64).map(share).collect();
        shares.into_iter().flat_map(|share| share.join().expect("a benchmark that panics is at an end")).collect()
    })
}

/// The name of this machine's processor.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_worked_on_once() {
        let mut all = on_all_cores(101, |index| index);
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<_>>());
    }
}
