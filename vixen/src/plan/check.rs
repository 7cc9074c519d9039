//! What the planner asks of its input.

use std::ops::Range;

use ash::vk::ImageLayout;

use super::lanes::Grid;
use super::{Access, Input, NodeId, PlanError, Region, Residency};

/// Whether the nodes own the accesses one after another, and the switches fit a mask.
pub(super) fn ranges(input: &Input) -> Result<(), PlanError> {
    if input.switches > 32 {
        return Err(PlanError::TooManySwitches { count: input.switches });
    }
    let mut expected = 0;
    for (node, id) in input.nodes.iter().zip(0..) {
        let Range { start, end } = node.accesses;
        if start != expected || end < start || end as usize > input.accesses.len() {
            return Err(PlanError::AccessRange { node: NodeId(id) });
        }
        expected = end;
    }
    if expected as usize != input.accesses.len() {
        return Err(PlanError::AccessRange { node: NodeId(input.nodes.len() as u32) });
    }
    Ok(())
}

/// Whether [`fault`] can only have something to say about the region of an access; asked of every access, and so without a
/// branch.
#[inline]
pub(super) fn is_sound(access: &Access, grid: &Grid, switches: u32) -> bool {
    let condition = access.condition;
    !(grid.image & (access.usage.layout == ImageLayout::UNDEFINED))
        & (access.age < grid.ages)
        & (u64::from(condition.mask) >> switches == 0)
        & (condition.value & !condition.mask == 0)
}

pub(super) fn is_empty(region: &Region) -> bool {
    region.major[0] >= region.major[1] || region.minor[0] >= region.minor[1]
}

/// What is wrong with an access.
#[cold]
pub(super) fn fault(input: &Input, id: u32) -> PlanError {
    let Access { slot, age, ref region, .. } = input.accesses[id as usize];
    let node = NodeId(input.nodes.partition_point(|node| node.accesses.end <= id) as u32);
    let resource = input.accesses[id as usize].resource;
    let Some(item) = input.resources.get(resource.0 as usize) else {
        return PlanError::UnknownResource { node, slot, resource };
    };
    let depth = if let Residency::History { depth } = item.residency { depth } else { 0 };
    if is_empty(region) {
        PlanError::EmptyRegion { node, slot }
    } else if item.image && input.accesses[id as usize].usage.layout == ImageLayout::UNDEFINED {
        PlanError::NoLayout { node, slot }
    } else if age > depth {
        PlanError::AgeBeyondDepth { node, slot, age, depth }
    } else {
        PlanError::UnknownSwitch { node, slot, switches: input.switches }
    }
}

/// A node must not write what it touches through another access.
pub(super) fn conflict(input: &Input, node: u32, accesses: [u32; 2]) -> PlanError {
    let accesses = accesses.map(|access| &input.accesses[access as usize]);
    let resource = accesses[0].resource;
    PlanError::Conflict { node: NodeId(node), slots: accesses.map(|access| access.slot), resource }
}
