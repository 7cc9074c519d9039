//! Frames with every node dynamic, recorded by several threads, beside the same recorded by one.
//!
//! What is measured is wall time of the call: threads share the work, and do not make it less.

use std::thread::available_parallelism;
use std::time::Instant;

use vixen::Device;

use super::ours::{Nodes, Ours};
use super::shape::Shape;
use crate::Failure;
use crate::report::{Report, Row};
use crate::statistics::median;

/// Node counts, and how many frames each side runs of them.
const SIZES: [(usize, usize); 3] = [(100, 101), (1_000, 51), (10_000, 15)];

/// Numbers of threads, as far as there are processors.
const THREADS: [u32; 4] = [2, 4, 8, 16];

/// Adds the rows of every shape and number of threads.
pub fn measure(device: &Device, quick: bool, report: &mut Report) -> Result<(), Failure> {
    let processors = available_parallelism()?.get() as u32;
    let counts = || THREADS.into_iter().filter(|&threads| threads <= processors);
    if counts().next().is_none() {
        report.note("no frames recorded by several threads: there is one processor only");
    }
    for shape in [Shape::chain, Shape::layers_of_ten] {
        for (nodes, frames) in SIZES {
            let frames = if quick { frames.div_ceil(5) } else { frames };
            for threads in counts() {
                let row = compare(device, shape(nodes), threads, frames)?;
                report.add(row.key("shape", shape(nodes).label()).key("nodes", nodes).key("threads", threads));
            }
        }
    }
    Ok(())
}

/// One thread and several take turns, so that neither has the quieter machine.
fn compare(device: &Device, shape: Shape, threads: u32, frames: usize) -> Result<Row, Failure> {
    let one = Ours::new(device, shape, Nodes::Dynamic { threads: 1 })?;
    let several = Ours::new(device, shape, Nodes::Dynamic { threads })?;
    let mut sides = [(one, Vec::new()), (several, Vec::new())];
    // The first frames find nothing warm.
    const WARM_UP: usize = 2;
    for frame in 0..WARM_UP + frames {
        for (ours, samples) in &mut sides {
            device.wait_idle()?;
            let start = Instant::now();
            ours.frame(1)?;
            let taken = start.elapsed().as_nanos() as f64;
            if frame >= WARM_UP {
                samples.push(taken);
            }
        }
    }
    let [one, several] = sides.map(|(_, mut samples)| median(&mut samples));
    Ok(Row::new(format!("threads_over_one_{}", shape.nodes), several / one, "ratio"))
}
