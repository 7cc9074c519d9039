//! Geometry and its instances in one go.

use vixen::Device;

use super::batch::Batch;
use super::blas::{Blas, BlasDesc};
use super::commands::{Edge, barrier};
use super::error::AccelerationError;
use super::tlas::{Instance, Tlas};

/// Builds bottom-level structures and the structure of their instances, and waits: one submission with one build command for all
/// geometry, one barrier, and one build command for the instances. Compaction, where it is asked for, splits it in two, since nobody
/// knows before the first has run where the structures will lie.
///
/// # Errors
/// As for [`Blas::build`]; then nothing is built.
pub fn build_scene(
    device: &Device,
    name: &str,
    descs: &[BlasDesc<'_>],
    instances: impl FnOnce(&[Blas]) -> Vec<Instance>,
) -> Result<(Vec<Blas>, Tlas), AccelerationError> {
    let batch = Batch::new(device, descs)?;
    if batch.compacts() {
        let blases = batch.run()?;
        let tlas = Tlas::build(device, name, &instances(&blases))?;
        return Ok((blases, tlas));
    }
    let instances = instances(batch.blases());
    let (tlas, work) = Tlas::prepare(device, name, &instances, 0)?;
    device.submit_once(|commands| {
        barrier(device, commands, Edge::Begin);
        batch.record(commands);
        barrier(device, commands, Edge::Between);
        work.record(device, commands);
        barrier(device, commands, Edge::End);
    })?;
    Ok((batch.blases().to_vec(), tlas))
}
