//! Frames that record dynamic nodes, beside hand-written ash that records the same commands into its own command buffers.

use vixen::Device;
use vixen::testing::{FrameWatch, FramesReport};

use crate::Failure;
use crate::executor::by_hand::ByHand;
use crate::executor::ours::{Nodes, Ours};
use crate::executor::shape::Shape;

/// Counts what frames of a chain allocate and create, ours and by hand in turns. The driver's allocations are those over the
/// hand-written frames'.
pub fn watch(device: &Device, nodes: usize, frames: u64) -> Result<FramesReport, Failure> {
    let shape = Shape::chain(nodes);
    let mut ours = Ours::new(device, shape, Nodes::Dynamic { threads: 1 })?;
    let mut by_hand = ByHand::new(device, shape)?;
    let mut watch = FrameWatch::new(ours.set(0))?;
    for frame in 0..frames as u32 {
        let graph = ours.set(frame);
        watch.frame(graph)?;
        watch.by_hand(graph, || by_hand.record_and_submit(frame))?;
    }
    Ok(watch.finish_by_hand())
}
