//! No frame hitches: the slowest of a thousand frames beside the slowest of a thousand hand-written ones.

use vixen::Device;
use vixen::testing::FramesByHand;
use vixen_examples::statistics::percentile;

use super::handwritten::UniformRing;
use super::workload::Workload;
use crate::Failure;
use crate::clock::Clock;
use crate::executor::shape::Shape;
use crate::executor::sides::{Side, Sides, measured_frame};

/// Nanoseconds that the slowest of a thousand frames takes, and the median.
#[derive(Clone, Copy)]
pub struct Hitch {
    pub p999: f64,
    pub median: f64,
}

impl Hitch {
    fn of(samples: &[f64]) -> Self {
        Self { p999: percentile(samples, 0.999), median: percentile(samples, 0.5) }
    }
}

/// Ours and by hand: the same graph's frames in fine weather, and its commands submitted by bare Vulkan calls, in turns. By hand too a
/// frame works out and writes its uniforms. What ours has beside is the event bus, whose queues and subscribers are those of the storm.
pub fn of_workload(clock: &Clock, workload: &mut Workload, frames: u64) -> Result<[Hitch; 2], Failure> {
    let mut samples = [const { Vec::new() }; 2];
    let mut bare = FramesByHand::new(&mut workload.graph)?;
    let uniforms = UniformRing::new(workload.graph.device())?;
    for frame in 0..frames {
        workload.calm(frame);
        for turn in 0..2 {
            workload.graph.wait()?;
            // Nobody always comes first.
            let by_hand = (frame + turn) % 2 == 1;
            let (taken, result) = clock.measure(|| match by_hand {
                false => workload.graph.frame().map(drop),
                true => {
                    uniforms.write(frame, workload.uniforms(frame));
                    bare.frame(&mut workload.graph)
                }
            });
            result?;
            samples[usize::from(by_hand)].push(taken);
        }
    }
    Ok(samples.map(|samples| Hitch::of(&samples)))
}

/// Ours and by hand: a chain of compute nodes, and the same in hand-written ash.
pub fn of_chain(
    clock: &Clock,
    device: &Device,
    nodes: usize,
    sides: [Side; 2],
    frames: u64,
) -> Result<[Hitch; 2], Failure> {
    let mut both = Sides::new(device, Shape::chain(nodes), &sides, false)?;
    let mut samples = [const { Vec::new() }; 2];
    for frame in 0..frames {
        for turn in 0..2 {
            device.wait_idle()?;
            let which = (frame + turn) as usize % 2;
            let (taken, result) = clock.measure(|| measured_frame(&mut both, sides[which], frame as u32));
            result?;
            samples[which].push(taken);
        }
    }
    Ok(samples.map(|samples| Hitch::of(&samples)))
}
