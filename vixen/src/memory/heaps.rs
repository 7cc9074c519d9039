//! How much memory a device has.

use ash::{ext, vk};

use crate::device::{Capabilities, DeviceCore};

/// The bytes of each of the device's own heaps that this process may use: what the driver says is left of them where it
/// says so (`VK_EXT_memory_budget`), else their size.
pub(crate) fn device_heaps(core: &DeviceCore, capabilities: &Capabilities) -> Vec<u64> {
    let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
    let mut properties = vk::PhysicalDeviceMemoryProperties2::default();
    let has_budget = capabilities.has_extension(ext::memory_budget::NAME);
    if has_budget {
        properties = properties.push_next(&mut budget);
    }
    // SAFETY: the physical device belongs to the instance; the chain holds at most a structure of an extension that it has.
    unsafe { core.instance().get_physical_device_memory_properties2(core.physical, &mut properties) };
    let memory = properties.memory_properties;
    let heaps: Vec<_> = memory.memory_heaps_as_slice().iter().enumerate().collect();
    let usable = |(index, heap): &(usize, &vk::MemoryHeap)| {
        if has_budget { heap.size.min(budget.heap_budget[*index]) } else { heap.size }
    };
    let own: Vec<_> =
        heaps.iter().filter(|(_, heap)| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL)).map(usable).collect();
    // Vulkan promises a device-local heap; the total is the honest answer of a driver that breaks the promise.
    if own.is_empty() { heaps.iter().map(usable).collect() } else { own }
}
