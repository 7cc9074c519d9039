//! The heaps of a device's memory: how much there is of each, and how much is in use.

use ash::{ext, vk};

use super::ledger::Refused;
use crate::device::{Capabilities, DeviceCore};

/// The percentage of a heap that may be used, and the one at which there is a warning.
pub(super) const LIMIT: u64 = 90;
pub(super) const WARNING: u64 = 80;

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

/// The heaps of a device, in Vulkan's order.
pub(crate) fn device_heaps(core: &DeviceCore, capabilities: &Capabilities) -> Vec<Heap> {
    let memory = &capabilities.memory;
    let mut bytes = [0; vk::MAX_MEMORY_HEAPS];
    HeapBudgets::of(capabilities).read(core, &mut bytes);
    let heaps = memory.memory_heaps_as_slice().iter().zip(bytes);
    heaps
        .map(|(heap, bytes)| Heap { bytes, device_local: heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL) })
        .collect()
}

/// Asks a device what there is of its heaps for this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeapBudgets {
    /// Whether the driver says so (`VK_EXT_memory_budget`), and not only what there is for all.
    known: bool,
}

impl HeapBudgets {
    pub fn of(capabilities: &Capabilities) -> Self {
        Self { known: capabilities.has_extension(ext::memory_budget::NAME) }
    }

    /// Reads the bytes of every heap, in Vulkan's order; false where they never change. It allocates nothing.
    pub fn read(self, core: &DeviceCore, bytes: &mut [u64; vk::MAX_MEMORY_HEAPS]) -> bool {
        let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
        let mut properties = vk::PhysicalDeviceMemoryProperties2::default();
        if self.known {
            properties = properties.push_next(&mut budget);
        }
        // SAFETY: the physical device belongs to the instance; the chain holds at most a structure of an extension that it has.
        unsafe { core.instance().get_physical_device_memory_properties2(core.physical, &mut properties) };
        let memory = properties.memory_properties;
        for ((bytes, heap), budget) in bytes.iter_mut().zip(memory.memory_heaps_as_slice()).zip(budget.heap_budget) {
            *bytes = if self.known { heap.size.min(budget) } else { heap.size };
        }
        self.known
    }
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
    /// What there is of those that were described, and whether somebody set their limit.
    heaps: Vec<(Heap, bool)>,
}

impl Heaps {
    pub fn new(heaps: &[Heap]) -> Self {
        let endless = HeapUsage { in_use: 0, limit: u64::MAX, device_local: true };
        let mut counts = [endless; vk::MAX_MEMORY_HEAPS + 1];
        let heaps: Vec<_> = heaps.iter().take(vk::MAX_MEMORY_HEAPS).map(|&heap| (heap, false)).collect();
        for (count, &(Heap { bytes, device_local }, _)) in counts.iter_mut().zip(&heaps) {
            *count = HeapUsage { in_use: 0, limit: percent(bytes, LIMIT), device_local };
        }
        Self { counts, heaps }
    }

    /// From now on there are this many bytes of each. Limits that nobody set follow. Returns those heaps, a bit each, whose use
    /// has reached their warning mark with that.
    pub fn follow(&mut self, bytes: &[u64]) -> u32 {
        let mut reached = 0;
        for (index, ((heap, set), &bytes)) in self.heaps.iter_mut().zip(bytes).enumerate() {
            let HeapUsage { in_use, limit, .. } = &mut self.counts[index];
            let before = percent(heap.bytes, WARNING);
            heap.bytes = bytes;
            if !*set {
                *limit = percent(bytes, LIMIT);
                let rose = *in_use < before && *in_use >= percent(bytes, WARNING);
                reached |= u32::from(rose) << index;
            }
        }
        reached
    }

    /// The bytes of all that is the device's own.
    pub fn device_bytes(&self) -> u64 {
        // Vulkan promises a device-local heap; the total is the honest answer of a driver that breaks the promise.
        let any = self.heaps.iter().any(|(heap, _)| heap.device_local);
        let counted = self.heaps.iter().filter(|(heap, _)| heap.device_local || !any);
        counted.fold(0, |sum, (heap, _)| sum.saturating_add(heap.bytes))
    }

    /// The warning mark of a heap, which follows from what there is of it.
    pub fn warning(&self, heap: HeapIndex) -> u64 {
        self.heaps.get(heap.0 as usize).map_or(u64::MAX, |(heap, _)| percent(heap.bytes, WARNING))
    }

    /// Whether a heap has room for this many bytes more.
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
        if let Some((_, set)) = self.heaps.get_mut(heap.0 as usize) {
            *set = true;
        }
    }

    /// Those that were described.
    pub fn described(&self) -> &[HeapUsage] {
        &self.counts[..self.heaps.len()]
    }
}

/// A percentage of a number of bytes, rounded down.
pub(super) fn percent(bytes: u64, hundredths: u64) -> u64 {
    (u128::from(bytes) * u128::from(hundredths) / 100) as u64
}
