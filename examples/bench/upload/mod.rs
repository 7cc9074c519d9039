//! `bench upload`: uploads through the uploader beside hand-written copies of the same bytes.
//!
//! All sides are timed from data in host memory to completion on the device, in turns; a ratio is that of the medians.
//! Hand-written copies go through one mapped staging buffer and one command buffer, recorded anew each time, as the places
//! of real uploads would ask for.

mod by_hand;
mod crew;
mod frames;
mod ours;
mod transfer;

use std::ops::Range;
use std::time::Instant;

use vixen::Device;
use vixen::device::DeviceKind;

use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};
use by_hand::ByHand;
use crew::Crew;
use ours::Ours;

/// Bytes of a round of 64 KiB uploads, of 4 KiB uploads, and of uploads that are submitted one by one.
const LARGE: usize = 16 << 20;
const SMALL: usize = 4 << 20;
const EACH: usize = 1 << 20;
const PAGE: usize = 4 << 10;

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    let rounds = if arguments.quick { 7 } else { 51 };
    let mut report = Report::new(&device.info().name);
    let driver = &device.info().driver;
    report.note(format!("driver {driver}; wall time from host memory to completion, medians of {rounds} rounds"));
    report.note("direct writes go to device memory that is mapped; the others were copied or scattered from staging");
    neighbours(&device, rounds, &mut report)?;
    let threads = (std::thread::available_parallelism().map_or(1, usize::from) / 2).clamp(1, 8);
    report.note("scattered: this many threads call, each with all of its pieces at once; where one calls, the uploader may copy with more");
    scattered(&device, rounds, (1, 0), Way::Staged, &mut report)?;
    scattered(&device, rounds, (1, 1), Way::Staged, &mut report)?;
    if threads > 1 {
        scattered(&device, rounds, (threads, 0), Way::Staged, &mut report)?;
    }
    // Threads that write to one buffer take turns.
    scattered(&device, rounds, (1, 0), Way::Direct, &mut report)?;
    frames::run(&device, &mut report)?;
    transfer::run(&device, &mut report)?;
    Ok(report)
}

/// Uploads side by side: beside one staging write and one region, and beside a region or a submission each.
fn neighbours(device: &Device, rounds: usize, report: &mut Report) -> Result<(), Failure> {
    let data = noise(LARGE);
    for (name, piece, total, goal) in [("64k", 64 << 10, LARGE, 0.95), ("4k", PAGE, SMALL, 0.70)] {
        let (data, places) = (&data[..total], in_order(total, piece, piece));
        let (ours, hand) = (Ours::new(device, total, total)?, ByHand::new(device, total, total)?);
        let upload = || {
            ours.upload(data, piece, &places, 0..places.len());
            ours.finish()
        };
        let [our, one] = in_turns(rounds, [&upload, &|| hand.one_copy(data)])?;
        ours.verify(data, piece, &places)?;
        report.add(Row::new(format!("bandwidth_over_one_copy_{name}"), one / our, "ratio").goal(Goal::AtLeast(goal)));
        report.add(bandwidth("ours", name, total, our));
        report.add(bandwidth("one_copy", name, total, one));
    }

    let (data, places) = (&data[..SMALL], in_order(SMALL, PAGE, PAGE));
    let (ours, hand) = (Ours::new(device, SMALL, SMALL)?, ByHand::new(device, SMALL, SMALL)?);
    let [our, regions, each] = in_turns(
        rounds,
        [
            &|| {
                ours.upload(data, PAGE, &places, 0..places.len());
                ours.finish()
            },
            &|| {
                hand.stage_pieces(data, PAGE, 0..places.len());
                hand.copy_each(PAGE, &places)
            },
            &|| hand.submit_each(&data[..EACH], PAGE, &places),
        ],
    )?;
    let each = each * (SMALL / EACH) as f64;
    report.add(Row::new("merged_over_regions_4k", regions / our, "ratio"));
    report.add(Row::new("batched_over_submit_each_4k", each / our, "ratio").goal(Goal::AtLeast(30.0)));
    report.add(bandwidth("region_each", "4k", SMALL, regions));
    report.add(bandwidth("submit_each", "4k", SMALL, each));
    Ok(())
}

/// How scattered uploads get to the device.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Through staging, to a buffer in the device's memory.
    Staged,
    /// Written by the host to a buffer in the device's memory that is mapped.
    Direct,
}

/// Uploads with gaps between them, in no order: beside one copy region each. This many threads call; this many copy for each, 0 for
/// what the uploader chooses.
fn scattered(
    device: &Device,
    rounds: usize,
    (threads, copiers): (usize, u32),
    way: Way,
    report: &mut Report,
) -> Result<(), Failure> {
    let data = noise(SMALL);
    let mut places = in_order(SMALL, PAGE, 2 * PAGE);
    shuffle(&mut places);
    let (ours, hand) = match way {
        Way::Staged => (Ours::copied_by(device, 2 * SMALL, SMALL, copiers)?, ByHand::new(device, 2 * SMALL, SMALL)?),
        Way::Direct => (Ours::mapped(device, 2 * SMALL)?, ByHand::new(device, 2 * SMALL, SMALL)?),
    };
    let upload = |part: Range<usize>| ours.upload_pieces(&data, PAGE, &places, part);
    let stage = |part: Range<usize>| hand.stage_pieces(&data, PAGE, part);
    let copied = Ours::mapped_memory(device, SMALL)?;
    // All at once: a call for each piece would cost a lock each.
    let copy = |_: Range<usize>| copied.write(0, &data).expect("it is mapped, and as long as the data");
    let [our, copy, regions] = Crew::with(threads, places.len(), &[&upload, &stage, &copy], |crew| {
        in_turns(
            rounds,
            [
                &|| {
                    crew.run(0);
                    ours.finish()?;
                    // What the host has written is there when a submission after it has run.
                    if way == Way::Direct { hand.nothing() } else { Ok(()) }
                },
                // Not before ours, for which it would warm the data up.
                &|| {
                    crew.run(2);
                    Ok(())
                },
                &|| {
                    crew.run(1);
                    hand.copy_each(PAGE, &places)
                },
            ],
        )
    })?;
    ours.verify(&data, PAGE, &places)?;
    let statistics = ours.statistics();
    let how = match (statistics.direct, statistics.scattered) {
        (0, 0) => "copy regions",
        (0, _) => "compute shader",
        _ => "direct writes",
    };
    let copied_by = if copiers == 0 { "copied as the uploader chooses" } else { "copied by one thread" };
    let keyed = |row: Row| row.key("callers", threads as u64).key("copied by", copied_by).key("by", how);
    let row = keyed(Row::new("scattered_over_regions_4k", regions / our, "ratio"));
    // On a software driver a region costs what a workgroup does.
    let real = device.info().kind != DeviceKind::Cpu;
    report.add(if real && copiers == 0 { row.goal(Goal::AtLeast(10.0)) } else { row });
    report.add(keyed(bandwidth("ours", "4k scattered", SMALL, our)));
    // Threads that write to one buffer take turns, so this says nothing of several.
    if threads == 1 && copiers == 1 {
        // What it would be if nothing but one thread's copy took time.
        report.add(keyed(Row::new("scattered_over_regions_4k_bound", regions / copy, "ratio")));
        report.add(keyed(bandwidth("copy_alone", "4k scattered", SMALL, copy)));
    }
    report.add(keyed(bandwidth("region_each", "4k scattered", SMALL, regions)));
    Ok(())
}

/// Seconds that each side takes: medians, in turns.
fn in_turns<const N: usize>(rounds: usize, sides: [&dyn Fn() -> Result<(), Failure>; N]) -> Result<[f64; N], Failure> {
    let mut times = [const { Vec::new() }; N];
    // The first round warms all sides up.
    for round in 0..=rounds {
        for (side, times) in sides.iter().zip(&mut times) {
            let start = Instant::now();
            side()?;
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    Ok(times.map(|mut times| median(&mut times)))
}

fn bandwidth(side: &str, of: &str, bytes: usize, seconds: f64) -> Row {
    Row::new("bandwidth", bytes as f64 / seconds / 1e9, "GB/s").key("side", side).key("uploads", of)
}

/// Places of pieces in a buffer, `stride` apart.
fn in_order(total: usize, piece: usize, stride: usize) -> Vec<u64> {
    (0..total / piece).map(|index| (index * stride) as u64).collect()
}

fn shuffle(places: &mut [u64]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for index in (1..places.len()).rev() {
        places.swap(index, (random(&mut state) % (index as u64 + 1)) as usize);
    }
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..bytes / 8).flat_map(|_| random(&mut state).to_le_bytes()).collect()
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
