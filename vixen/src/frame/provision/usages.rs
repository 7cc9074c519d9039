//! What resources are used for.

use ash::vk;

use crate::graph::tables::Declared;
use crate::graph::usage;
use crate::plan::Residency;

/// What slots together ask of a resource.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usages {
    pub buffer: vk::BufferUsageFlags,
    pub image: vk::ImageUsageFlags,
    /// Some living node or sink touches it.
    pub used: bool,
}

/// Buffer and image usage of every resource, from the slots of living nodes.
pub(crate) fn usages(declared: &Declared, alive: impl Fn(usize) -> bool) -> Vec<Usages> {
    let mut usages = vec![Usages::default(); declared.resources.len()];
    for (_, node) in declared.nodes.iter().enumerate().filter(|(index, _)| alive(*index)) {
        for binding in &node.bindings {
            let slot = &node.declaration.slots[binding.slot as usize];
            for part in &binding.parts {
                let used = &mut usages[part.resource.0 as usize];
                used.buffer |= usage::buffer_usage(slot);
                used.image |= usage::image_usage(slot).0;
                used.used = true;
            }
        }
    }
    for (usage, resource) in usages.iter_mut().zip(&declared.resources) {
        // What is looked at from outside may be copied; histories start out cleared.
        if resource.kept {
            usage.image |= vk::ImageUsageFlags::TRANSFER_SRC;
            usage.buffer |= vk::BufferUsageFlags::TRANSFER_SRC;
        }
        if matches!(resource.residency, Residency::History { .. }) {
            usage.image |= vk::ImageUsageFlags::TRANSFER_DST;
            usage.buffer |= vk::BufferUsageFlags::TRANSFER_DST;
        }
    }
    usages
}
