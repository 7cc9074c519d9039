//! From what was declared to what the planner is given.

use crate::graph::extent::Length;
use crate::graph::tables::{Declared, Placement, Shape};
use crate::graph::usage;
use crate::plan::{Access, DeviceIndex, Input, NodeItem, Queue, Rate, Region, Residency, ResourceItem};

/// The planner's input: one item for each declared node and resource, with the same indices.
pub(crate) fn lower(declared: &Declared) -> Input {
    let mut accesses = Vec::new();
    let nodes = declared
        .nodes
        .iter()
        .map(|node| {
            let first = accesses.len() as u32;
            for binding in &node.bindings {
                let slot = &node.declaration.slots[binding.slot as usize];
                for part in &binding.parts {
                    let image = usage::is_image(&declared.resources[part.resource.0 as usize].shape);
                    accesses.push(Access {
                        resource: part.resource,
                        age: part.age,
                        region: closed(part.region, &declared.resources[part.resource.0 as usize].shape),
                        effect: usage::effect(slot),
                        usage: usage::usage(node.declaration, slot, image),
                        condition: part.condition,
                        slot: binding.slot,
                    });
                }
            }
            NodeItem {
                accesses: first..accesses.len() as u32,
                device: DeviceIndex::default(),
                queue: Queue::Main,
                rate: Rate::default(),
                dynamic: node.declaration.dynamic,
                sink: node.sink,
            }
        })
        .collect();
    let resources = declared
        .resources
        .iter()
        .map(|resource| ResourceItem {
            image: usage::is_image(&resource.shape),
            residency: resource.residency,
            entry: resource.entry,
            exit: resource.exit,
            sink: resource.sink,
            device: DeviceIndex::default(),
        })
        .collect();
    Input { nodes, accesses, resources, switches: declared.switches.len() as u32 }
}

/// The same without the accesses of host nodes: they run before the frame is submitted, and a submission makes what the CPU
/// wrote visible, so they need no barrier. The planner culls them; whether they run is known from the whole input.
pub(crate) fn without_host(declared: &Declared, input: &Input) -> Input {
    let mut accesses = Vec::with_capacity(input.accesses.len());
    let mut gpu = input.clone();
    for (item, node) in gpu.nodes.iter_mut().zip(&declared.nodes) {
        let first = accesses.len() as u32;
        if usage::on_host(node.declaration) {
            item.sink = false;
        } else {
            accesses.extend_from_slice(&input.accesses[item.accesses.start as usize..item.accesses.end as usize]);
        }
        item.accesses = first..accesses.len() as u32;
    }
    gpu.accesses = accesses;
    gpu
}

/// Whether the CPU can reach the resource's memory.
pub(crate) fn host_visible(placement: &Placement, residency: Residency) -> bool {
    residency == Residency::PerSlot && matches!(placement, Placement::Upload { .. } | Placement::Readback)
}

/// A region with its open ends given as numbers where they are known: the planner compares ends as they are given.
fn closed(region: Region, shape: &Shape) -> Region {
    let (major, minor) = match *shape {
        Shape::Image { shape, .. } => (shape.mips.into(), shape.layers),
        Shape::Buffer { length: Length::Fixed(length), stride } => (length.saturating_mul(stride), 1),
        Shape::Buffer { .. } => (u64::MAX, 1),
        Shape::AccelerationStructure => (u64::MAX, u32::MAX),
    };
    Region { major: region.major.map(|edge| edge.min(major)), minor: region.minor.map(|edge| edge.min(minor)) }
}
