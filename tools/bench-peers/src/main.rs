//! `./x bench peers`: a frame of compute nodes in Vixen and in the peers: CPU time of the calling thread, heap allocations on it,
//! and barrier commands.
//!
//! All run the same SPIR-V over columns of 64 numbers, which every node adds to in place: in a chain, and in layers of ten
//! independent nodes. They are built in one process and take turns. The device is idle when two frames, as many as can be in
//! flight, are measured: nobody waits, and everybody asks whether its frame slot is free. A turn is 64 frames, and what counts is
//! what all of them took: a library may put off its work, as vulkano does, whose command pools are reset once in 32 frames, and
//! then give back what 32 frames recorded. Afterwards the numbers must be right.

#[path = "../../../examples/src/clock.rs"]
mod clock;
mod counter;
mod peers;
#[expect(dead_code, reason = "it is the other benchmarks' too, which use more of it")]
#[path = "../../../examples/bench/report.rs"]
mod report;
mod scratch;
#[path = "../../../examples/src/statistics.rs"]
#[expect(dead_code, reason = "no percentiles are compared here")]
mod statistics;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vixen::testing::{CountingAllocator, allocations};

use crate::clock::Clock;
use crate::peers::{IN_FLIGHT, Name, Peer, Shape};
use crate::report::{Goal, Report, Row};
use crate::statistics::median;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

type Failure = Box<dyn Error>;

const SIZES: [usize; 3] = [10, 100, 1_000];

/// How often two frames run in a turn: twice as many frames as come between two of those in which somebody does more.
const PAIRS: usize = 32;

#[derive(Parser)]
#[command(about = "The same frames in Vixen, vulkano-taskgraph and vk-graph; all on the loader's first device")]
struct Arguments {
    /// Write the figures as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fewer rounds
    #[arg(long)]
    quick: bool,
    /// Print one library's barrier commands a frame; what the benchmark starts itself with, under a layer
    #[arg(long, value_enum, hide = true)]
    count: Option<Name>,
    /// Only graphs of this many nodes: 10, 100 or 1000
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Leave out barrier commands, for which each library runs once more by itself, under a layer
    #[arg(long)]
    times_only: bool,
    #[arg(long, default_value_t = 1, hide = true)]
    width: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.count {
        Some(name) => counter::count(name, Shape { nodes: arguments.nodes.unwrap_or(10), width: arguments.width }),
        None => bench(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn bench(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(nodes) = arguments.nodes.filter(|nodes| !SIZES.contains(nodes)) {
        return Err(format!("there are no graphs of {nodes} nodes: ask for 10, 100 or 1000").into());
    }
    let clock = Clock::new();
    let mut report = Report::new(peers::device_name()?);
    report.note(format!(
        "{} of the calls, medians of means of {PAIRS} pairs of frames; all sides in one process, in turns",
        clock.name()
    ));
    for width in [1, 10] {
        for nodes in SIZES.into_iter().filter(|&nodes| arguments.nodes.is_none_or(|only| only == nodes)) {
            measure(Shape { nodes, width }, arguments, &clock, &mut report)?;
        }
    }
    print!("{}", report.table());
    if let Some(file) = &arguments.json {
        std::fs::write(file, report.json()).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn measure(shape: Shape, arguments: &Arguments, clock: &Clock, report: &mut Report) -> Result<(), Failure> {
    let rounds = if arguments.quick { 4 } else { 12 };
    let mut peers = Name::ALL.iter().map(|name| name.make(shape)).collect::<Result<Vec<_>, _>>()?;
    let mut times = vec![Vec::new(); peers.len()];
    let mut heaps = vec![Vec::new(); peers.len()];
    for round in 0..rounds {
        // Nobody always comes after the same neighbour.
        for turn in 0..peers.len() {
            let index = (round + turn) % peers.len();
            let turn = (0..PAIRS).map(|_| measure_two(peers[index].as_mut(), clock));
            let turn = turn.collect::<Result<Vec<_>, _>>()?;
            if round > 0 {
                times[index].push(turn.iter().map(|(time, _)| time).sum::<f64>() / PAIRS as f64);
                heaps[index].push(turn.iter().map(|(_, heap)| heap).sum::<f64>() / PAIRS as f64);
            }
        }
    }
    let frames = (rounds * PAIRS * IN_FLIGHT) as u32;
    for (peer, name) in peers.iter_mut().zip(Name::ALL) {
        let (found, wanted) = (peer.result()?, shape.expected(frames));
        if found != wanted {
            return Err(format!("{} computed {found} where it should have {wanted}", name.label()).into());
        }
    }
    drop(peers);
    let key = |row: Row| row.key("shape", shape.label()).key("nodes", shape.nodes);
    let times: Vec<f64> = times.iter_mut().map(|times| median(times) / 1000.0).collect();
    for (index, name) in Name::ALL.into_iter().enumerate() {
        let key = |row: Row| key(row.key("peer", name.label()));
        report.add(key(Row::new("cpu_us", times[index], "µs")));
        report.add(key(Row::new("heap_allocs", median(&mut heaps[index]), "allocations")));
        if !arguments.times_only {
            report.add(key(Row::new("barrier_commands", counter::barrier_commands(name, shape)?, "commands")));
        }
    }
    let of = |wanted: Name| times[wanted as usize];
    let best = Name::ALL.into_iter().filter(|name| name.is_peer()).map(of).fold(f64::INFINITY, f64::min);
    let (less, dynamic) = (best / of(Name::Vixen), of(Name::VixenDynamic) / best);
    // Whoever does not wait for the table has this.
    eprintln!("{} of {}: {less:.1} times less CPU, dynamic {dynamic:.3} of the best peer", shape.label(), shape.nodes);
    let less = Row::new("unchanged_times_less_cpu", less, "times");
    report.add(key(if shape.nodes == 1_000 { less.goal(Goal::AtLeast(20.0)) } else { less }));
    report.add(key(Row::new("dynamic_over_best_peer", dynamic, "ratio").goal(Goal::AtMost(1.0))));
    Ok(())
}

/// Nanoseconds and heap allocations of a frame: half of two.
fn measure_two(peer: &mut dyn Peer, clock: &Clock) -> Result<(f64, f64), Failure> {
    peer.wait_idle()?;
    let before = allocations();
    let (time, result) = clock.measure(|| (0..IN_FLIGHT).try_for_each(|_| peer.frame()));
    let heap = allocations() - before;
    result?;
    Ok((time / IN_FLIGHT as f64, heap as f64 / IN_FLIGHT as f64))
}
