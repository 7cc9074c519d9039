//! `bench memory`: what the gate to memory costs, and what it leaves behind.

mod allocation;
mod nothing;
mod scenes;

use crate::clock::Clock;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;
use crate::{Arguments, Failure};
use allocation::Sides;

/// An allocation through budget and tracker over the same call straight to VMA.
const OVER_VMA: Goal = Goal::AtMost(1.15);
/// Microseconds of a frame that tracking takes.
const TRACKING: Goal = Goal::AtMost(100.0);
/// Descriptors and bytes that there should be none of.
const NONE: Goal = Goal::AtMost(0.0);

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = arguments.device()?;
    let clock = Clock::new();
    let mut report = Report::new(device.info().name.clone());

    let rounds = if arguments.quick { 15 } else { 101 };
    let mut sides = Sides::new(&device)?;
    for kind in allocation::KINDS {
        let costs = sides.measure(&clock, kind, rounds)?;
        let ratio = |ours: &mut Vec<f64>, vma: &mut Vec<f64>| median(ours) / median(vma);
        let [mut ours, mut vma] = costs.allocate;
        report.add(
            Row::new("allocation_over_vma", ratio(&mut ours, &mut vma), "ratio").goal(OVER_VMA).key("of", kind.name),
        );
        report.add(Row::new("allocation_ns", median(&mut ours), "ns").key("of", kind.name));
        report.add(Row::new("allocation_vma_ns", median(&mut vma), "ns").key("of", kind.name));
        let [mut ours, mut vma] = costs.free;
        report.add(Row::new("free_over_vma", ratio(&mut ours, &mut vma), "ratio").key("of", kind.name));
    }

    let scenes = scenes::run(&device, if arguments.quick { 10 } else { 100 })?;
    report.add(Row::new("descriptor_rewrites_unchanged", scenes.rewrites_unchanged as f64, "descriptors").goal(NONE));
    report.add(Row::new("descriptor_rewrites_of_one_resize", scenes.rewrites_of_a_resize as f64, "descriptors"));
    report.add(Row::new("bytes_left_after_100_scenes", scenes.bytes_left as f64, "bytes").goal(NONE));
    report.add(Row::new("resources_left_after_100_scenes", scenes.resources_left as f64, "resources").goal(NONE));

    // Over an allocator that does nothing, all that is left is budget and tracker.
    for allocations in [0, 10, 100] {
        let microseconds = nothing::frame_us(&clock, allocations, rounds)?;
        let row = Row::new("tracking_us_per_frame", microseconds, "µs").goal(TRACKING);
        report.add(row.key("allocations", allocations));
    }
    report.note(format!("times are {}", clock.name()));
    report
        .note("straight to VMA: vk_mem's create_buffer and create_image with the same parameters, on the same device");
    report.note("tracking: budget and tracker together, for a frame in which so much is allocated and freed again");
    Ok(report)
}
