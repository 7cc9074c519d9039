//! `bench frames`: frames allocate nothing and create nothing, in any weather, and none of them hitches.
//!
//! Two graphs run at 16 × 16 pixels: the demo's, and one of a thousand nodes. Before every tenth frame a storm of events fills
//! every queue and its reserve and the use of memory rises to the budget's warning mark; other frames come after uploads, after
//! edits of the scene, and after a switch has turned dynamic nodes on or off. What each frame allocates and creates is counted by
//! [`vixen::testing::FrameWatch`], the first frame included. Then frames in fine weather and hand-written ones take turns, and
//! the slowest of a thousand are compared.
//!
//! By hand, these two graphs' frames submit what their nodes recorded, by bare calls. Frames of a chain, static and dynamic, are
//! compared with ash that records and submits everything by itself.

mod handwritten;
mod hitch;
mod storm;
mod workload;

use vixen::Device;
use vixen::testing::{FrameWatch, FramesReport};

use self::hitch::Hitch;
use self::storm::Storm;
use self::workload::Workload;
use crate::clock::Clock;
use crate::executor::sides::Side;
use crate::report::{Goal, Report, Row};
use crate::{Arguments, Failure};

/// Frames of the demo's graph, unless `--frames` says otherwise; a tenth of them of the thousand nodes.
const FRAMES: u64 = 100_000;
/// The same with `--quick`.
const FEW: u64 = 2_000;
/// The slowest of a thousand frames over the slowest of a thousand hand-written ones.
const HITCH: Goal = Goal::AtMost(1.5);
const NOTHING: Goal = Goal::AtMost(0.0);

/// Runs the benchmark.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let device = Device::new(&arguments.device_options().watched())?;
    let frames = arguments.frames.unwrap_or(if arguments.quick { FEW } else { FRAMES });
    let few = frames.div_ceil(10);
    let clock = Clock::new();
    let mut report = Report::new(&device.info().name);
    report.note(format!("driver {}; hitches: {} of the calls", device.info().driver, clock.name()));

    let mut demo = Workload::demo(&device)?;
    report_rows(&mut report, "demo", &watch(&mut demo, frames)?);
    hitch_rows(&mut report, "demo", hitch::of_workload(&clock, &mut demo, frames)?);
    drop(demo);
    report_rows(&mut report, "1,000 nodes", &watch(&mut Workload::thousand(&device)?, few)?);
    report_rows(&mut report, "dynamic chain of 100", &handwritten::watch(&device, 100, few)?);
    // Without the counting device: both sides as they are in earnest.
    let device = Device::new(&arguments.device_options())?;
    let fixed = [Side::Unchanged, Side::Resubmit];
    hitch_rows(&mut report, "chain of 100", hitch::of_chain(&clock, &device, 100, fixed, frames)?);
    let anew = [Side::Dynamic, Side::Record];
    hitch_rows(&mut report, "dynamic chain of 100", hitch::of_chain(&clock, &device, 100, anew, few)?);
    Ok(report)
}

/// Runs frames in all weathers, and counts.
fn watch(workload: &mut Workload, frames: u64) -> Result<FramesReport, Failure> {
    let mut watch = FrameWatch::new(&workload.graph)?;
    for frame in 0..frames {
        workload.before(frame)?;
        watch.frame(&mut workload.graph)?;
    }
    let report = watch.finish(&mut workload.graph)?;
    Storm::check(&mut workload.graph)?;
    Ok(report)
}

fn report_rows(report: &mut Report, graph: &str, found: &FramesReport) {
    let row = |name: &str, value: u64, unit| Row::new(name, value as f64, unit).key("graph", graph);
    report.add(row("frames", found.frames, "frames"));
    report.add(row("recompiles", found.recompiles, "recompiles").goal(NOTHING));
    report.add(row("heap_max", found.heap_max, "allocations").goal(NOTHING));
    report.add(row("driver_over_handwritten_max", found.driver_over_by_hand_max, "allocations").goal(NOTHING));
    report.add(row("driver_handwritten_max", found.driver_by_hand_max, "allocations"));
    report.add(row("vulkan_create_max", found.create_max, "calls").goal(NOTHING));
    // A row is a number; who it was stands in its key and below the table.
    let first = found.first_offender.as_deref().unwrap_or("nobody");
    let offenders = u64::from(found.first_offender.is_some());
    report.add(row("first_offender", offenders, "offenders").goal(NOTHING).key("offender", first));
    if let Some(first) = &found.first_offender {
        report.note(format!("{graph}: {first}"));
    }
}

fn hitch_rows(report: &mut Report, graph: &str, [ours, by_hand]: [Hitch; 2]) {
    let row = |name: &str, value: f64, unit| Row::new(name, value, unit).key("graph", graph);
    report.add(row("p999_over_handwritten", ours.p999 / by_hand.p999, "ratio").goal(HITCH));
    report.add(row("p999_us", ours.p999 / 1000.0, "µs"));
    report.add(row("p999_handwritten_us", by_hand.p999 / 1000.0, "µs"));
    report.add(row("median_us", ours.median / 1000.0, "µs"));
    report.add(row("median_handwritten_us", by_hand.median / 1000.0, "µs"));
}

#[cfg(test)]
mod tests {
    use vixen::DeviceOptions;

    use super::*;

    #[test]
    fn frames_allocate_nothing_in_any_weather() {
        let device = Device::new(&DeviceOptions::new().watched()).expect("there is a driver");
        for (make, frames) in [(Workload::demo as fn(&Device) -> _, 2_000), (Workload::thousand, 200)] {
            let mut workload = make(&device).expect("the graph is valid");
            watch(&mut workload, frames).expect("frames run").assert_empty();
            assert_eq!(workload.graph.recompiles(), 0);
        }
        let chain = handwritten::watch(&device, 100, 200).expect("frames run");
        assert!(chain.driver_by_hand_max > 0, "the software driver allocates for what is recorded by hand");
        chain.assert_empty();
        let messages = device.validation_messages();
        assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
    }
}
