//! Instructions of a frame, driver included, counted by valgrind: what no other process on the machine disturbs.

use std::path::Path;
use std::process::Command;

use super::DYNAMIC;
use super::shape::Shape;
use super::sides::Side;
use crate::report::{Report, Row};
use crate::{Arguments, Failure};

/// How many frames are counted: enough that the first, which finds nothing warm, hardly matters.
const FRAMES: u32 = 50;

/// Adds rows for 100 and 1,000 nodes, in a chain and in layers.
pub fn count(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    for shape in [Shape::chain(100), Shape::chain(1_000), Shape::layers_of_ten(100), Shape::layers_of_ten(1_000)] {
        let mut counts = [0.0; Side::ALL.len()];
        for side in Side::ALL {
            counts[side as usize] = instructions(arguments, shape, side)?;
        }
        let nodes = shape.nodes;
        let ratio = |ours: Side, by_hand: Side| counts[ours as usize] / counts[by_hand as usize];
        let unchanged = ratio(Side::Unchanged, Side::Resubmit);
        let dynamic = ratio(Side::Dynamic, Side::Record);
        let mut rows = vec![
            // Without a goal: most of a submission is the kernel's work, which valgrind does not see.
            Row::new(format!("unchanged_over_resubmit_instructions_{nodes}"), unchanged, "ratio"),
            Row::new(format!("dynamic_over_record_instructions_{nodes}"), dynamic, "ratio").goal(DYNAMIC),
        ];
        rows.extend(Side::ALL.map(|side| {
            Row::new(format!("{}_instructions", side.label()), counts[side as usize].round(), "instructions")
        }));
        rows.into_iter().for_each(|row| report.add(row.key("shape", shape.label()).key("nodes", nodes)));
    }
    Ok(())
}

/// Runs this program again, with one side only, under callgrind.
fn instructions(arguments: &Arguments, shape: Shape, side: Side) -> Result<f64, Failure> {
    let out = std::env::temp_dir().join(format!("vixen-bench-{}.callgrind", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["-q", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*measured_frame*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["executor", "--side", side.label()])
        .args(["--nodes", &shape.nodes.to_string(), "--width", &shape.width.to_string()])
        .args(["--frames", &FRAMES.to_string()]);
    if let Some(device) = &arguments.device {
        command.args(["--device", device]);
    }
    let output =
        command.output().map_err(|error| format!("cannot run valgrind, which counts instructions: {error}"))?;
    let profile = std::fs::read_to_string(&out);
    remove(&out);
    if !output.status.success() {
        return Err(format!("valgrind failed: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let total = total(&profile?).ok_or("valgrind wrote a profile without a total")?;
    Ok(total / f64::from(FRAMES))
}

/// The number in a profile's line `totals: N`.
fn total(profile: &str) -> Option<f64> {
    let line = profile.lines().rev().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A profile that stays behind in the temporary folder is no reason to fail.
fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_a_profile() {
        assert_eq!(total("events: Ir\nfn=(1)\n3 7\n\ntotals: 1234\n"), Some(1234.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
