//! The heaps of a device's memory: how much there is of each, and how much is in use.

use ash::{ext, vk};

use super::ledger::Refused;
use crate::device::{Capabilities, DeviceCore};

/// A heap of a device's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// The bytes of it that this process may use.
    pub bytes: u64,
    /// Whether it is the device's own memory, and not the host's.
    pub device_local: bool,
}

impl Heap {
    /// A heap of the device's own memory.
    pub const fn device(bytes: u64) -> Self {
        Self { bytes, device_local: true }
    }

    /// A heap of the host's memory.
    pub const fn host(bytes: u64) -> Self {
        Self { bytes, device_local: false }
    }
}

/// The heaps of a device, in Vulkan's order: what the driver says is left of them for this process where it says so
/// (`VK_EXT_memory_budget`), else their size.
pub(crate) fn device_heaps(core: &DeviceCore, capabilities: &Capabilities) -> Vec<Heap> {
    let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
    let mut properties = vk::PhysicalDeviceMemoryProperties2::default();
    let has_budget = capabilities.has_extension(ext::memory_budget::NAME);
    if has_budget {
        properties = properties.push_next(&mut budget);
    }
    // SAFETY: the physical device belongs to the instance; the chain holds at most a structure of an extension that it has.
    unsafe { core.instance().get_physical_device_memory_properties2(core.physical, &mut properties) };
    let memory = properties.memory_properties;
    let usable = |(index, heap): (usize, &vk::MemoryHeap)| Heap {
        bytes: if has_budget { heap.size.min(budget.heap_budget[index]) } else { heap.size },
        device_local: heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL),
    };
    memory.memory_heaps_as_slice().iter().enumerate().map(usable).collect()
}

/// How much of a heap is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapUsage {
    /// The bytes in use.
    pub in_use: u64,
    /// The most bytes that may be in use.
    pub limit: u64,
    /// Whether it is the device's own memory, and not the host's.
    pub device_local: bool,
}

/// Which heap something lies in, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeapIndex(u8);

impl HeapIndex {
    /// Of what has no memory of its own, and of what an allocator says nothing.
    pub const UNKNOWN: Self = Self(vk::MAX_MEMORY_HEAPS as u8);

    /// What an allocator calls it.
    pub const fn of(index: u32) -> Self {
        if index < vk::MAX_MEMORY_HEAPS as u32 { Self(index as u8) } else { Self::UNKNOWN }
    }

    /// The other way round.
    pub const fn number(self) -> u32 {
        self.0 as u32
    }
}

/// The use of every heap.
#[derive(Debug)]
pub(super) struct Heaps {
    /// The last one is for what lies in no known heap, and without a limit; so are those that nobody described.
    counts: [HeapUsage; vk::MAX_MEMORY_HEAPS + 1],
    described: usize,
}

impl Heaps {
    /// Each of these may be used up to so many hundredths.
    pub fn new(heaps: &[Heap], hundredths: u64) -> Self {
        let endless = HeapUsage { in_use: 0, limit: u64::MAX, device_local: true };
        let mut counts = [endless; vk::MAX_MEMORY_HEAPS + 1];
        let described = heaps.len().min(vk::MAX_MEMORY_HEAPS);
        for (count, &Heap { bytes, device_local }) in counts.iter_mut().zip(&heaps[..described]) {
            *count = HeapUsage { in_use: 0, limit: percent(bytes, hundredths), device_local };
        }
        Self { counts, described }
    }

    /// Whether a heap has room for so many bytes more.
    pub fn room(&self, heap: HeapIndex, bytes: u64) -> Result<(), Refused> {
        let HeapUsage { in_use, limit, .. } = self.counts[heap.0 as usize];
        match in_use.checked_add(bytes) {
            Some(after) if after <= limit => Ok(()),
            _ => Err(Refused { in_use, limit, heap: Some(heap) }),
        }
    }

    /// Counts bytes as used. Those of all heaps together do not overflow: their sum is checked against the limit.
    pub fn take(&mut self, heap: HeapIndex, bytes: u64) {
        self.counts[heap.0 as usize].in_use += bytes;
    }

    pub fn give_back(&mut self, heap: HeapIndex, bytes: u64) {
        self.counts[heap.0 as usize].in_use -= bytes;
    }

    pub fn usage(&self, heap: HeapIndex) -> HeapUsage {
        self.counts[heap.0 as usize]
    }

    pub fn set_limit(&mut self, heap: HeapIndex, bytes: u64) {
        if heap != HeapIndex::UNKNOWN {
            self.counts[heap.0 as usize].limit = bytes;
        }
    }

    /// Those that were described.
    pub fn described(&self) -> &[HeapUsage] {
        &self.counts[..self.described]
    }
}

/// So many hundredths of a number of bytes, rounded down.
pub(super) fn percent(bytes: u64, hundredths: u64) -> u64 {
    (u128::from(bytes) * u128::from(hundredths) / 100) as u64
}

/// The bytes of all that is the device's own.
pub(super) fn device_bytes(heaps: &[Heap]) -> u64 {
    // Vulkan promises a device-local heap; the total is the honest answer of a driver that breaks the promise.
    let any = heaps.iter().any(|heap| heap.device_local);
    let counted = heaps.iter().filter(|heap| heap.device_local || !any);
    counted.fold(0, |sum, heap| sum.saturating_add(heap.bytes))
}
