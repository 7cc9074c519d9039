//! The descriptor sets of a graph's nodes.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::owned::Owned;
use crate::frame::provision::gathered::Gathered;
use crate::frame::provision::node::NodeRuntime;
use crate::graph::CompileError;

/// The pool of a graph's descriptor sets.
pub(crate) struct DescriptorPool {
    _pool: Option<Owned<vk::DescriptorPool>>,
    /// Sets that it has room for.
    pub sets: u32,
    /// Descriptors of all types that it has room for.
    pub descriptors: u32,
}

/// Allocates the descriptor sets of all nodes from one pool of exactly the size they need.
pub(crate) fn allocate_sets(
    device: &Device,
    nodes: &mut [NodeRuntime],
    gathered: &mut Gathered,
) -> Result<DescriptorPool, CompileError> {
    let mut sizes: Vec<vk::DescriptorPoolSize> = Vec::new();
    let mut sets = 0;
    for node in nodes.iter() {
        let variants = node.facts.variants.count() as u32;
        sets += node.pipelines.set_layouts().count() as u32 * variants;
        let slots = node.declaration.slots.iter().filter_map(|slot| slot.binding);
        for binding in slots.chain(node.declaration.samplers.iter().map(|slot| slot.binding)) {
            match sizes.iter_mut().find(|size| size.ty == binding.descriptor) {
                Some(size) => size.descriptor_count += binding.count * variants,
                None => sizes.push(vk::DescriptorPoolSize {
                    ty: binding.descriptor,
                    descriptor_count: binding.count * variants,
                }),
            }
        }
    }
    let descriptors = sizes.iter().map(|size| size.descriptor_count).sum();
    if sets == 0 {
        return Ok(DescriptorPool { _pool: None, sets, descriptors });
    }
    let info = vk::DescriptorPoolCreateInfo::default().max_sets(sets).pool_sizes(&sizes);
    // SAFETY: the device is alive; there is at least one set.
    let pool = unsafe { device.raw().create_descriptor_pool(&info, device.callbacks()) }
        .map_err(DeviceError::vulkan("vkCreateDescriptorPool"))?;
    let pool = Owned::new(device, pool);
    // Drivers lay sets out as they are allocated: so those lie side by side that the same frame binds.
    let variants = nodes.iter().map(|node| node.facts.variants.count()).max().unwrap_or(0);
    let mut layouts = Vec::new();
    for variant in 0..variants {
        for node in nodes.iter().filter(|node| variant < node.facts.variants.count()) {
            layouts.clear();
            layouts.extend(node.pipelines.set_layouts());
            if layouts.is_empty() {
                continue;
            }
            let info = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool.get()).set_layouts(&layouts);
            // SAFETY: the pool is alive, was sized for exactly these sets, and is used by nobody else.
            let sets = unsafe { device.raw().allocate_descriptor_sets(&info) }
                .map_err(DeviceError::vulkan("vkAllocateDescriptorSets"))?;
            node.give_sets(&sets, variant, gathered);
        }
    }
    for node in nodes {
        node.bind_sets(gathered);
    }
    Ok(DescriptorPool { _pool: Some(pool), sets, descriptors })
}
