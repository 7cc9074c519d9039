//! Instructions of a frame, driver included, counted by valgrind: what no other process on the machine disturbs.
//!
//! What the C library's allocator takes stands apart and is in no ratio. Software drivers call it some ten times a node, equally often
//! for both sides; what a call takes depends on what the process has allocated and freed before, and is different by half from one
//! side, shape and start to the next.

use std::collections::HashMap;
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
        let mut counts = [Counts::default(); Side::ALL.len()];
        for side in Side::ALL {
            counts[side as usize] = instructions(arguments, shape, side)?;
        }
        let nodes = shape.nodes;
        let ratio = |ours: Side, by_hand: Side| counts[ours as usize].others / counts[by_hand as usize].others;
        let unchanged = ratio(Side::Unchanged, Side::Resubmit);
        let dynamic = ratio(Side::Dynamic, Side::Record);
        let mut rows = vec![
            // Without a goal: most of a submission is the kernel's work, which valgrind does not see.
            Row::new(format!("unchanged_over_resubmit_instructions_{nodes}"), unchanged, "ratio"),
            Row::new(format!("dynamic_over_record_instructions_{nodes}"), dynamic, "ratio").goal(DYNAMIC),
        ];
        rows.extend(Side::ALL.into_iter().flat_map(|side| {
            let Counts { others, allocator } = counts[side as usize];
            [("instructions", others), ("allocator_instructions", allocator)]
                .map(|(name, count)| Row::new(format!("{}_{name}", side.label()), count.round(), "instructions"))
        }));
        rows.into_iter().for_each(|row| report.add(row.key("shape", shape.label()).key("nodes", nodes)));
    }
    Ok(())
}

/// Instructions of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    /// In the C library's allocator.
    allocator: f64,
    /// In everything else.
    others: f64,
}

/// Runs this program again, with one side only, under callgrind.
fn instructions(arguments: &Arguments, shape: Shape, side: Side) -> Result<Counts, Failure> {
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
    let counts = counts(&profile?).ok_or("valgrind wrote a profile whose costs do not add up to its total")?;
    if counts.others == 0.0 {
        return Err("valgrind found no frame; the program was stripped of its symbols: build it anew".into());
    }
    let a_frame = |count| count / f64::from(FRAMES);
    Ok(Counts { allocator: a_frame(counts.allocator), others: a_frame(counts.others) })
}

/// Adds up a profile; none when it is not as callgrind writes it: the costs of all lines must be those of its line `totals: N`.
///
/// `ob=(1) file` and `fn=(2) name` say whose the lines after them are, later without the name; a line is where in the source and the
/// cost. The line after `calls=` is the cost of what was called, which has lines of its own.
fn counts(profile: &str) -> Option<Counts> {
    let (mut objects, mut functions) = (Names::default(), Names::default());
    let (mut in_c_library, mut in_allocator, mut of_a_call) = (false, false, false);
    let (mut counts, mut total) = (Counts::default(), None);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            let file = objects.of(object).rsplit('/').next().unwrap_or_default();
            in_c_library = file.starts_with("libc.") || file.starts_with("libc-");
        } else if let Some(object) = line.strip_prefix("cob=") {
            objects.of(object);
        } else if let Some(function) = line.strip_prefix("fn=") {
            in_allocator = in_c_library && allocates(functions.of(function));
        } else if let Some(function) = line.strip_prefix("cfn=") {
            functions.of(function);
        } else if line.starts_with("calls=") {
            of_a_call = true;
        } else if let Some(found) = line.strip_prefix("totals:") {
            total = found.split_whitespace().next()?.parse::<f64>().ok();
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // No number is none.
            let cost = line.split_whitespace().nth(1).map_or(Ok(0.0), str::parse::<f64>).ok()?;
            if !std::mem::take(&mut of_a_call) {
                *if in_allocator { &mut counts.allocator } else { &mut counts.others } += cost;
            }
        }
    }
    (total? == counts.allocator + counts.others).then_some(counts)
}

/// Whether a function of the C library is part of its allocator, as glibc's `malloc.c` names them.
fn allocates(function: &str) -> bool {
    let names =
        ["malloc", "calloc", "realloc", "memalign", "free", "chunk", "trim", "sbrk", "brk", "tcache", "alloc_perturb"];
    names.iter().any(|name| function.contains(name))
}

/// The names that a profile gives numbers where they first occur: `(1) main`, and then `(1)`.
#[derive(Default)]
struct Names<'p>(HashMap<&'p str, &'p str>);

impl<'p> Names<'p> {
    fn of(&mut self, text: &'p str) -> &'p str {
        match text.split_once(' ') {
            Some((number, name)) => self.0.entry(number).insert_entry(name).get(),
            None => self.0.get(text).copied().unwrap_or_default(),
        }
    }
}

/// A profile that stays behind in the temporary folder is no reason to fail.
fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allocator_of_the_c_library_stands_apart() {
        let profile = "events: Ir\nob=(1) /lib/libc.so.6\nfn=(1) _int_malloc\n3 7\n+1 1\n\nob=(2) /lib/driver.so\n\
                       fn=(2) draw\n5 20\ncob=(1)\ncfn=(1)\ncalls=4 3\n* 8\nfn=(3) malloc_of_its_own\n5 100\n\n\
                       ob=(1)\nfn=(1)\n3 2\nfn=(4) memcpy\n9 1000\n\ntotals: 1130\n";
        assert_eq!(counts(profile), Some(Counts { allocator: 10.0, others: 1120.0 }));
        assert_eq!(counts("events: Ir\n"), None);
        assert_eq!(counts("events: Ir\nob=(1) a\nfn=(1) main\n3 7\n\ntotals: 8\n"), None);
    }
}
