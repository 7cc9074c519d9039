//! GPU time of each node: timestamps in a query pool that is sized at compile, read when the frame is known to be done.

use std::ops::Range;

use ash::vk;

use crate::device::{Device, DeviceError, Feature};
use crate::frame::owned::Owned;

/// Timestamps before and after each node, for each frame slot.
pub(crate) struct Timing {
    pool: Owned<vk::QueryPool>,
    /// The first node that runs on the GPU, and how many do.
    first: u32,
    nodes: u32,
    period_ns: f64,
    mask: u64,
    /// Value and availability of each query of one slot.
    results: Vec<[u64; 2]>,
    /// How many frames were read.
    collected: u64,
    slots: u32,
    /// The newest known time of each node.
    milliseconds: Vec<Option<f64>>,
}

impl Timing {
    /// Queries for nodes, those before which run on the CPU, in each of `slots` frame slots; `None` where the device has no
    /// timestamps.
    pub fn new(device: &Device, nodes: Range<u32>, slots: u32) -> Result<Option<Self>, DeviceError> {
        let (first, all, nodes) = (nodes.start, nodes.end, nodes.end - nodes.start);
        let capabilities = device.capabilities();
        let Some(timestamps) =
            capabilities.timestamps.filter(|_| capabilities.has(Feature::HostQueryReset) && nodes > 0)
        else {
            return Ok(None);
        };
        let info =
            vk::QueryPoolCreateInfo::default().query_type(vk::QueryType::TIMESTAMP).query_count(2 * nodes * slots);
        // SAFETY: the device is alive and its main queue has timestamps.
        let pool = unsafe { device.raw().create_query_pool(&info, device.callbacks()) }
            .map_err(DeviceError::vulkan("vkCreateQueryPool"))?;
        let timing = Self {
            pool: Owned::new(device, pool),
            first,
            nodes,
            period_ns: timestamps.period_ns.into(),
            mask: u64::MAX >> (64 - timestamps.valid_bits.clamp(1, 64)),
            collected: 0,
            slots,
            results: vec![[0; 2]; 2 * nodes as usize],
            milliseconds: vec![None; all as usize],
        };
        for slot in 0..slots {
            timing.reset(device, slot);
        }
        Ok(Some(timing))
    }

    /// Writes the timestamp before a node.
    pub fn start(&self, device: &Device, commands: vk::CommandBuffer, slot: u32, node: u32) {
        self.write(device, commands, self.query(slot, node - self.first));
    }

    /// Writes the timestamp after a node.
    pub fn end(&self, device: &Device, commands: vk::CommandBuffer, slot: u32, node: u32) {
        self.write(device, commands, self.query(slot, node - self.first) + 1);
    }

    /// Reads the timestamps of the frames that were not read yet, given how many have finished, and makes their slots ready for
    /// the next.
    pub fn collect(&mut self, device: &Device, finished: u64) {
        while self.collected < finished {
            self.collect_slot(device, (self.collected % u64::from(self.slots)) as u32);
            self.collected += 1;
        }
    }

    fn collect_slot(&mut self, device: &Device, slot: u32) {
        let first = self.query(slot, 0);
        // SAFETY: the queries are of this pool, and no pending command buffer uses them: the slot's frame has finished. A
        // node that a switch left out has no result; its availability stays 0 and the call says NOT_READY.
        let read = unsafe {
            device.raw().get_query_pool_results(
                self.pool.get(),
                first,
                &mut self.results,
                vk::QueryResultFlags::TYPE_64 | vk::QueryResultFlags::WITH_AVAILABILITY,
            )
        };
        if matches!(read, Ok(()) | Err(vk::Result::NOT_READY)) {
            for (pair, time) in self.results.chunks_exact(2).zip(&mut self.milliseconds[self.first as usize..]) {
                let available = pair[0][1] != 0 && pair[1][1] != 0;
                let ticks = (pair[1][0] & self.mask).wrapping_sub(pair[0][0] & self.mask) & self.mask;
                *time = available.then_some(ticks as f64 * self.period_ns * 1e-6);
            }
        }
        self.reset(device, slot);
    }

    /// How many queries there are.
    pub fn queries(&self) -> u32 {
        2 * self.nodes * self.slots
    }

    /// The newest known time of each node, in milliseconds; none of those that run on the CPU.
    pub fn milliseconds(&self) -> &[Option<f64>] {
        &self.milliseconds
    }

    fn reset(&self, device: &Device, slot: u32) {
        // SAFETY: as in `collect`; the feature hostQueryReset is enabled.
        unsafe { device.raw().reset_query_pool(self.pool.get(), self.query(slot, 0), 2 * self.nodes) };
    }

    fn query(&self, slot: u32, node: u32) -> u32 {
        2 * (slot * self.nodes + node)
    }

    fn write(&self, device: &Device, commands: vk::CommandBuffer, query: u32) {
        // SAFETY: the buffer is being recorded; the query is of this pool and was reset.
        unsafe {
            device.raw().cmd_write_timestamp2(commands, vk::PipelineStageFlags2::ALL_COMMANDS, self.pool.get(), query);
        }
    }
}
