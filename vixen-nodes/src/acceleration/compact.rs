//! Compaction: structures are built into as much memory as they might need, and copied into as much as they do.

use std::sync::Arc;

use vixen::Device;
use vixen::ash::{khr, vk};
use vixen::device::DeviceError;
use vixen::memory::{AccelerationStructure, AccelerationStructureDesc};

use super::commands::{Edge, barrier};

/// Runs the builds that `record` records, and copies the structures that get smaller by it; the others stay as they are.
pub(super) fn compact(
    device: &Device,
    loader: &khr::acceleration_structure::Device,
    full: &[Arc<AccelerationStructure>],
    record: impl FnOnce(vk::CommandBuffer),
) -> Result<Vec<Arc<AccelerationStructure>>, DeviceError> {
    let queries = Queries::new(device, full.len() as u32)?;
    let handles: Vec<_> = full.iter().map(|structure| structure.raw()).collect();
    device.submit_once(|commands| {
        // SAFETY: the buffer is being recorded; the pool has a query for each structure, and nobody else uses it. The barrier makes
        // the builds visible to the query.
        unsafe { device.raw().cmd_reset_query_pool(commands, queries.pool, 0, full.len() as u32) };
        record(commands);
        barrier(device, commands, Edge::Between);
        // SAFETY: as above; all structures were made to be compacted, as their owners have seen to.
        unsafe {
            loader.cmd_write_acceleration_structures_properties(commands, &handles, Queries::TYPE, queries.pool, 0);
        }
        barrier(device, commands, Edge::End);
    })?;
    let mut wanted = vec![0_u64; full.len()];
    // SAFETY: the queries were written in the submission that was waited for above.
    unsafe {
        let flags = vk::QueryResultFlags::TYPE_64 | vk::QueryResultFlags::WAIT;
        device.raw().get_query_pool_results(queries.pool, 0, &mut wanted, flags)
    }
    .map_err(DeviceError::vulkan("vkGetQueryPoolResults"))?;

    let mut results = Vec::with_capacity(full.len());
    for (structure, size) in full.iter().zip(wanted) {
        if size == 0 || size >= structure.size() {
            results.push(Arc::clone(structure));
        } else {
            let desc = AccelerationStructureDesc { name: structure.name(), kind: structure.kind(), size };
            results.push(Arc::new(AccelerationStructure::new(device, &desc)?));
        }
    }
    let moved: Vec<_> = full.iter().zip(&results).filter(|(full, result)| !Arc::ptr_eq(full, result)).collect();
    if !moved.is_empty() {
        device.submit_once(|commands| {
            barrier(device, commands, Edge::Begin);
            for (full, result) in moved {
                let copy = vk::CopyAccelerationStructureInfoKHR::default()
                    .src(full.raw())
                    .dst(result.raw())
                    .mode(vk::CopyAccelerationStructureModeKHR::COMPACT);
                // SAFETY: the buffer is being recorded; the source was built to be compacted, the target is of the compacted size,
                // and both live until the copy has been waited for.
                unsafe { loader.cmd_copy_acceleration_structure(commands, &copy) };
            }
            barrier(device, commands, Edge::End);
        })?;
    }
    Ok(results)
}

/// A query pool that destroys itself.
struct Queries<'d> {
    device: &'d Device,
    pool: vk::QueryPool,
}

impl<'d> Queries<'d> {
    const TYPE: vk::QueryType = vk::QueryType::ACCELERATION_STRUCTURE_COMPACTED_SIZE_KHR;

    fn new(device: &'d Device, count: u32) -> Result<Self, DeviceError> {
        let info = vk::QueryPoolCreateInfo::default().query_type(Self::TYPE).query_count(count);
        // SAFETY: the device is alive and has acceleration structures, and so these queries.
        let pool = unsafe { device.raw().create_query_pool(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateQueryPool"))?;
        Ok(Self { device, pool })
    }
}

impl Drop for Queries<'_> {
    fn drop(&mut self) {
        // SAFETY: it was made from this device with these callbacks, and what used it was waited for.
        unsafe { self.device.raw().destroy_query_pool(self.pool, self.device.callbacks()) };
    }
}
