//! `bench NAME`: measures Vixen, beside hand-written Vulkan in the same run where there is something to compare with.
//!
//! A benchmark is one entry of [`BENCHMARKS`]: a name, and a function that returns a [`Report`].

mod acceleration;
mod cachers;
mod events;
mod executor;
mod frames;
mod memory;
mod plan;
mod report;
mod upload;
mod voxels;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValue;
use vixen::device::Select;
use vixen::testing::CountingAllocator;
use vixen::{Device, DeviceOptions};
use vixen_examples::peak::PeakAllocator;
use vixen_examples::{clock, say, statistics};

use crate::report::Report;

/// `bench frames` counts what frames allocate, `bench voxels` what builds hold at a time.
#[global_allocator]
static ALLOCATOR: PeakAllocator<CountingAllocator> = PeakAllocator(CountingAllocator);

/// What a benchmark fails with: one line for the user.
type Failure = Box<dyn Error>;

/// One benchmark.
struct Benchmark {
    name: &'static str,
    about: &'static str,
    run: fn(&Arguments) -> Result<Report, Failure>,
}

/// All of them. `--help` lists them in this order.
const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "plan", about: "planning: time a slot, barrier commands, hazards", run: plan::run },
    Benchmark { name: "executor", about: "CPU time of a frame beside hand-written Vulkan", run: executor::run },
    Benchmark {
        name: "frames",
        about: "what frames allocate and create in any weather, and whether one hitches",
        run: frames::run,
    },
    Benchmark {
        name: "events",
        about: "an event through the bus beside a bare array; a storm of them",
        run: events::run,
    },
    Benchmark {
        name: "upload",
        about: "uploads beside hand-written copies: bandwidth, submissions, stalls",
        run: upload::run,
    },
    Benchmark { name: "as", about: "acceleration structures of voxels: size, builds, rays", run: acceleration::run },
    Benchmark {
        name: "cachers",
        about: "cachers: a second start, hits, damaged files, edits in frames",
        run: cachers::run,
    },
    Benchmark {
        name: "memory",
        about: "what the gate to memory costs and leaves: allocations, descriptors, scenes",
        run: memory::run,
    },
    Benchmark {
        name: "voxels",
        about: "rays through voxels: every pipeline, structure, scene, size and resolution; builds",
        run: voxels::run,
    },
];

/// Measures Vixen, beside hand-written Vulkan where there is something to compare with.
#[derive(Parser)]
#[command(name = "bench", max_term_width = 120)]
struct Arguments {
    /// Which benchmark
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(
        BENCHMARKS.iter().map(|bench| PossibleValue::new(bench.name).help(bench.about))
    ))]
    name: String,
    /// Also write the figures to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Which GPU: an index, or a part of a name
    #[arg(long, value_name = "INDEX|NAME")]
    device: Option<String>,
    /// Fewer rounds and cases: to try it out, not to quote it
    #[arg(long)]
    quick: bool,
    /// `frames`: how many. `executor` with `--side`: how many
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    #[command(flatten)]
    executor: executor::Options,
    #[command(flatten)]
    voxels: voxels::Options,
}

impl Arguments {
    /// The device that the user chose, without validation.
    fn device(&self) -> Result<Device, Failure> {
        Ok(Device::new(&self.device_options())?)
    }

    fn device_options(&self) -> DeviceOptions {
        let select = match &self.device {
            None => Select::Default,
            Some(text) => text.parse().map_or_else(|_| Select::Name(text.clone()), Select::Index),
        };
        DeviceOptions::new().application_name("vixen bench").select(select).validation(false)
    }
}

fn main() -> ExitCode {
    // SAFETY: the first statement of `main`, and nothing that runs before it starts a thread: nobody else can be reading or
    // changing the environment.
    unsafe {
        // The software driver's worker threads would compete with the calls that are measured, unless it is they that are.
        let calls_count = std::env::args().nth(1).is_none_or(|name| name != "voxels");
        if calls_count && std::env::var_os("LP_NUM_THREADS").is_none() {
            std::env::set_var("LP_NUM_THREADS", "0");
        }
        // A validation layer in the environment, as `./x test` sets it, would be what is measured.
        std::env::remove_var("VK_INSTANCE_LAYERS");
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => return fail(&one_line(&error.to_string())),
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("error: {error}")),
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let benchmark =
        BENCHMARKS.iter().find(|bench| bench.name == arguments.name).expect("clap lets only these names in");
    let report = (benchmark.run)(arguments)?;
    say(report.table().trim_end())?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, report.json()).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// Bad arguments, or nothing to run on.
fn fail(message: &str) -> ExitCode {
    eprintln!("bench: {message}");
    ExitCode::from(2)
}

/// The first paragraph of a message, on one line.
fn one_line(message: &str) -> String {
    message.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(arguments: &[&str]) -> String {
        let arguments = std::iter::once("bench").chain(arguments.iter().copied());
        Arguments::try_parse_from(arguments).err().map(|error| one_line(&error.to_string())).unwrap_or_default()
    }

    #[test]
    fn bad_arguments_get_one_line_that_says_what_is_wrong() {
        let names = BENCHMARKS.iter().map(|bench| bench.name).collect::<Vec<_>>().join(", ");
        assert_eq!(
            complaint(&["plann"]),
            format!("error: invalid value 'plann' for '<NAME>' [possible values: {names}]")
        );
        assert_eq!(complaint(&[]), "error: the following required arguments were not provided: <NAME>");
        assert_eq!(complaint(&["plan", "--frob"]), "error: unexpected argument '--frob' found");
    }

    #[test]
    fn every_benchmark_can_be_asked_for() {
        for benchmark in BENCHMARKS {
            assert_eq!(complaint(&[benchmark.name, "--json", "a.json", "--device", "0", "--quick"]), "");
        }
    }
}
