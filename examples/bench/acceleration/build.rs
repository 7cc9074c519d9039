//! Many structures at once beside one by one.

use std::time::Instant;

use vixen::Device;
use vixen_nodes::acceleration::{Aabb, Blas, BlasDesc, Geometry};

use crate::Failure;
use crate::report::{Goal, Report, Row};
use crate::statistics::median;

/// Structures of a batch.
const COUNT: usize = 64;

/// Adds a row for each size of structure. Times are of whole calls: memory, upload, build and the wait for it.
pub fn run(device: &Device, rounds: usize, gpu: bool, report: &mut Report) -> Result<(), Failure> {
    for boxes in [64, 4096] {
        let parts: Vec<Vec<Aabb>> = (0..COUNT).map(|part| row_of_boxes(part as f32, boxes)).collect();
        let descs: Vec<_> = parts.iter().map(|part| BlasDesc::new("part", Geometry::Aabbs(part))).collect();
        let (mut at_once, mut one_by_one) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let start = Instant::now();
            let batch = Blas::build_many(device, &descs)?;
            at_once.push(start.elapsed().as_secs_f64() * 1e6);
            drop(batch);
            let start = Instant::now();
            let each = descs.iter().map(|desc| Blas::build(device, desc)).collect::<Result<Vec<_>, _>>()?;
            one_by_one.push(start.elapsed().as_secs_f64() * 1e6);
            drop(each);
        }
        let (at_once, one_by_one) = (median(&mut at_once), median(&mut one_by_one));
        let ratio = Row::new("batched_over_separate_builds", at_once / one_by_one, "ratio");
        let ratio = if gpu { ratio.goal(Goal::AtMost(0.3)) } else { ratio };
        let key = |row: Row| row.key("structures", COUNT).key("boxes", boxes);
        report.add(key(ratio));
        report.add(key(Row::new("batched_build_us", at_once, "µs")));
    }
    Ok(())
}

/// Boxes along x, a little apart: already in the order of the curve.
fn row_of_boxes(y: f32, count: usize) -> Vec<Aabb> {
    let at = |n: usize| Aabb { low: [1.5 * n as f32, y, 0.0], high: [1.5 * n as f32 + 1.0, y + 1.0, 1.0] };
    (0..count).map(at).collect()
}
