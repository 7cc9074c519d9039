//! `bench executor`: what a frame costs the calling thread, ours beside the same frame written by hand in ash.
//!
//! Four sides run in turns, a few frames at a time: our unchanged frame, our frame with every node dynamic, hand-written ash
//! that records everything, and hand-written ash that submits what it recorded once. All wait for their frame slot, write one
//! uniform into a mapped ring, label every node where a tool listens, signal a timeline semaphore, and bind, push and dispatch
//! the same. What is measured is the thread's CPU time in the calls. The device is idle when a measurement of two frames, as many
//! as can be in flight, begins: every side asks whether its frame slot is free, and none has to wait. How much faster several
//! threads record is measured apart, by the wall clock.

pub mod by_hand;
mod instructions;
pub mod objects;
pub mod ours;
pub mod shape;
pub mod sides;
mod threads;

use clap::Args;
use vixen::Device;

use crate::clock::Clock;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};
use objects::SLOTS as IN_FLIGHT;
use shape::Shape;
use sides::{Side, Sides};

/// An unchanged frame over a hand-written resubmission.
const UNCHANGED: Goal = Goal::AtMost(1.05);
/// Nanoseconds that a node adds to an unchanged frame, over what it adds to a hand-written resubmission.
const SLOPE: Goal = Goal::AtMost(0.5);
/// A frame with every node dynamic over hand-written recording.
const DYNAMIC: Goal = Goal::AtMost(1.10);

/// Node counts, and how many rounds of how many frames each side runs of them in each of its lives.
const SIZES: [(usize, usize, usize); 4] = [(10, 34, 16), (100, 34, 16), (1_000, 17, 8), (10_000, 11, 8)];

/// How often all sides are made anew, now ours first and now the hand-written ones: where things come to lie in memory makes
/// more of a difference than is to be measured. An odd number, so that no life alone decides.
const LIVES: usize = 5;

/// In which order the sides take their turns, round by round: each comes after each other one equally often (a balanced Latin
/// square), since caches are as the neighbour left them.
const ORDERS: [[Side; 4]; 4] = {
    use Side::{Dynamic, Record, Resubmit, Unchanged};
    [
        [Unchanged, Resubmit, Record, Dynamic],
        [Resubmit, Dynamic, Unchanged, Record],
        [Dynamic, Record, Resubmit, Unchanged],
        [Record, Unchanged, Dynamic, Resubmit],
    ]
};

/// What only this benchmark understands.
#[derive(Args)]
#[group(id = "executor")]
pub struct Options {
    /// `executor`: also count instructions, under valgrind
    #[arg(long)]
    instructions: bool,
    /// `executor`: run frames of one side only, for a profiler
    #[arg(long, value_enum, hide = true)]
    side: Option<Side>,
    /// `executor`: graphs of this many nodes alone: 10, 100, 1000 or 10000
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// With `--side`: nodes a layer
    #[arg(long, default_value_t = 1, hide = true)]
    width: usize,
}

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    if let Some(side) = arguments.executor.side {
        return run_one(&device, side, arguments);
    }
    let wanted = |nodes: usize| arguments.executor.nodes.is_none_or(|wanted| wanted == nodes);
    if !SIZES.iter().any(|&(nodes, ..)| wanted(nodes)) {
        return Err("--nodes must be 10, 100, 1000 or 10000, unless --side is given".into());
    }
    let clock = Clock::new();
    let mut report = Report::new(&device.info().name);
    report.note(format!("driver {}; {} of the calls, medians", device.info().driver, clock.name()));
    for shape in [Shape::chain, Shape::layers_of_ten] {
        let mut all = Vec::new();
        for (nodes, rounds, frames) in SIZES.into_iter().filter(|&(nodes, ..)| wanted(nodes)) {
            let rounds = if arguments.quick { rounds.div_ceil(10) } else { rounds };
            let shape = shape(nodes);
            let times = Times::measure(&device, &clock, shape, rounds, frames)?;
            times.rows(shape).into_iter().for_each(|row| report.add(row));
            all.push((nodes, times));
        }
        if arguments.executor.nodes.is_none() {
            report.add(slope(shape(10), &all));
        }
    }
    if arguments.executor.nodes.is_none() {
        threads::measure(&device, arguments.quick, &mut report)?;
    }
    if arguments.executor.instructions {
        instructions::count(arguments, &mut report)?;
    }
    Ok(report)
}

/// Nanoseconds of a frame, by side: a median for each round.
struct Times(Vec<[f64; Side::ALL.len()]>);

impl Times {
    fn measure(device: &Device, clock: &Clock, shape: Shape, rounds: usize, frames: usize) -> Result<Self, Failure> {
        let mut times = Vec::with_capacity(LIVES * rounds);
        for life in 0..LIVES {
            let by_hand_first = life % 2 == 1;
            let mut sides = Sides::new(device, shape, &Side::ALL, by_hand_first)?;
            sides.check_barriers()?;
            for _ in 0..rounds {
                times.push(round(device, clock, &mut sides, times.len(), frames)?);
            }
            sides.check_results()?;
        }
        Ok(Self(times))
    }

    fn of(&self, side: Side) -> f64 {
        median(&mut self.0.iter().map(|times| times[side as usize]).collect::<Vec<_>>())
    }

    /// Of what ran side by side: the clock of a processor may change from one round to the next.
    fn ratio(&self, ours: Side, by_hand: Side) -> f64 {
        median(&mut self.0.iter().map(|times| times[ours as usize] / times[by_hand as usize]).collect::<Vec<_>>())
    }

    fn rows(&self, shape: Shape) -> Vec<Row> {
        let nodes = shape.nodes;
        let ratio = |name: &str, ours: Side, by_hand: Side, goal| {
            Row::new(format!("{name}_{nodes}"), self.ratio(ours, by_hand), "ratio").goal(goal)
        };
        let mut rows = vec![
            ratio("unchanged_over_resubmit", Side::Unchanged, Side::Resubmit, UNCHANGED),
            ratio("dynamic_over_record", Side::Dynamic, Side::Record, DYNAMIC),
        ];
        rows.extend(Side::ALL.map(|side| Row::new(format!("{}_us", side.label()), self.of(side) / 1000.0, "µs")));
        rows.into_iter().map(|row| row.key("shape", shape.label()).key("nodes", nodes)).collect()
    }
}

/// A turn of each side: nanoseconds of a frame.
fn round(
    device: &Device,
    clock: &Clock,
    sides: &mut Sides,
    number: usize,
    frames: usize,
) -> Result<[f64; Side::ALL.len()], Failure> {
    let mut times = [0.0; Side::ALL.len()];
    for side in ORDERS[number % ORDERS.len()] {
        let (mut samples, mut empty) = (Vec::new(), Vec::new());
        for turn in 0..=frames / IN_FLIGHT {
            device.wait_idle()?;
            let (taken, result) = clock.measure(|| frames_in_flight(sides, side, number as u32));
            result?;
            // The first of a turn finds the caches as the neighbour left them.
            if turn > 0 {
                samples.push(taken);
                empty.push(clock.measure(|| ()).0);
            }
        }
        times[side as usize] = (median(&mut samples) - median(&mut empty)) / IN_FLIGHT as f64;
    }
    Ok(times)
}

/// What a node adds, from 100 to 10,000 of them, over what it adds to the hand-written resubmission.
fn slope(shape: Shape, all: &[(usize, Times)]) -> Row {
    let time = |nodes: usize, side: Side| {
        all.iter().find(|(known, _)| *known == nodes).map_or(f64::NAN, |(_, times)| times.of(side))
    };
    let slope = |side| (time(10_000, side) - time(100, side)) / 9_900.0;
    let over = slope(Side::Unchanged) - slope(Side::Resubmit);
    Row::new("unchanged_slope_over_handwritten_ns", over, "ns/node").goal(SLOPE).key("shape", shape.label())
}

/// As many frames as can be under way at once.
fn frames_in_flight(sides: &mut Sides, side: Side, amount: u32) -> Result<(), Failure> {
    (0..IN_FLIGHT).try_for_each(|_| sides::measured_frame(sides, side, amount))
}

/// Runs one side alone; nothing is measured.
fn run_one(device: &Device, side: Side, arguments: &Arguments) -> Result<Report, Failure> {
    const FRAMES: u64 = 20;
    let (options, frames) = (&arguments.executor, arguments.frames.unwrap_or(FRAMES));
    let nodes = options.nodes.unwrap_or(1_000);
    if options.width == 0 || nodes < options.width {
        return Err("--width must be at least 1 and at most --nodes".into());
    }
    let mut sides = Sides::new(device, Shape { width: options.width, nodes }, &[side], false)?;
    for frame in 0..frames as u32 {
        device.wait_idle()?;
        sides::measured_frame(&mut sides, side, frame)?;
    }
    device.wait_idle()?;
    let mut report = Report::new(&device.info().name);
    report.note(format!("{frames} frames of '{}' alone, for a profiler", side.label()));
    Ok(report)
}
