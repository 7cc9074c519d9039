//! The state that the first frame expects: image layouts, and histories that begin with zeros. A resize does the same for
//! what it made anew.

use ash::vk;

use crate::device::{Device, DeviceError};
use crate::frame::compiled::CompiledGraph;
use crate::frame::moment::{Moment, copy_index};
use crate::frame::provision::resources::Physical;
use crate::frame::provision::view::subresources;
use crate::graph::tables::{Declared, Placement};
use crate::plan::{Dependency, Region, Residency, ResourceId};

impl CompiledGraph {
    /// Puts every image into the layout that the first frame expects, and clears histories. With `only`, just for the
    /// resources that it names.
    pub(in crate::frame) fn initialise(&mut self, only: Option<&[bool]>) -> Result<(), DeviceError> {
        let wanted = |resource: ResourceId| only.is_none_or(|only| only[resource.0 as usize]);
        let dependencies: Vec<Dependency> =
            self.plan.initial.iter().copied().filter(|dependency| wanted(dependency.resource)).collect();
        let (resources, device, declared) = (&self.resources, &self.device, &self.declared);
        let histories = || {
            let all = (0..).zip(&declared.resources).map(|(index, resource)| (ResourceId(index), resource));
            all.filter(|(id, resource)| matches!(resource.residency, Residency::History { .. }) && wanted(*id))
        };
        if dependencies.is_empty() && histories().next().is_none() {
            return Ok(());
        }
        device.submit_once(|commands| {
            for (id, _) in histories() {
                if let Some(physical) = resources.get(id) {
                    clear(device, physical, commands);
                }
            }
            for dependency in &dependencies {
                let Some(physical) = resources.get(dependency.resource) else { continue };
                let cleared = matches!(physical.residency, Residency::History { .. });
                for copy in initial_copies(physical.residency, dependency.age, self.number, self.frame_slots) {
                    let Some(image) = physical.images().nth(copy) else { continue };
                    let old_layout = if cleared {
                        vk::ImageLayout::TRANSFER_DST_OPTIMAL
                    } else {
                        initial_layout(declared, dependency)
                    };
                    let barrier = vk::ImageMemoryBarrier2::default()
                        .src_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                        .src_access_mask(vk::AccessFlags2::MEMORY_WRITE)
                        .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
                        .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE)
                        .old_layout(old_layout)
                        .new_layout(dependency.new_layout)
                        .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                        .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                        .image(image)
                        .subresource_range(subresources(&dependency.region, physical.aspect(), physical.levels()));
                    let info = vk::DependencyInfo::default().image_memory_barriers(std::slice::from_ref(&barrier));
                    // SAFETY: the buffer is being recorded; nothing else uses the image at this time.
                    unsafe { device.raw().cmd_pipeline_barrier2(commands, &info) };
                }
            }
        })
    }
}

/// Which copies an initial transition of `age` is for, when the next frame has `number`.
fn initial_copies(residency: Residency, age: u32, number: u64, frame_slots: u32) -> std::ops::Range<usize> {
    match residency {
        Residency::PerSlot => 0..frame_slots as usize,
        _ => {
            let moment = Moment { frame: number, ..Moment::default() };
            let copy = copy_index(residency, 0, age, &moment);
            copy..copy + 1
        }
    }
}

/// The layout in which an image was left by whoever had it before.
fn initial_layout(declared: &Declared, dependency: &Dependency) -> vk::ImageLayout {
    match &declared.resources[dependency.resource.0 as usize] {
        resource if matches!(resource.placement, Placement::ImportedImage { .. } | Placement::SharedImage(_)) => {
            resource.entry.map_or(dependency.old_layout, |entry| entry.layout)
        }
        _ => dependency.old_layout,
    }
}

/// Zeroes every copy of a history and leaves images in `TRANSFER_DST_OPTIMAL`.
fn clear(device: &Device, physical: &Physical, commands: vk::CommandBuffer) {
    let raw = device.raw();
    for (buffer, _) in physical.buffers() {
        // SAFETY: the buffer is alive, unused, and has transfer-destination usage.
        unsafe { raw.cmd_fill_buffer(commands, buffer, 0, vk::WHOLE_SIZE, 0) };
        // The first frame's reads wait for nothing else.
        let barrier = vk::MemoryBarrier2::default()
            .src_stage_mask(vk::PipelineStageFlags2::ALL_TRANSFER)
            .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
            .dst_stage_mask(vk::PipelineStageFlags2::ALL_COMMANDS)
            .dst_access_mask(vk::AccessFlags2::MEMORY_READ | vk::AccessFlags2::MEMORY_WRITE);
        let info = vk::DependencyInfo::default().memory_barriers(std::slice::from_ref(&barrier));
        // SAFETY: the buffer is being recorded.
        unsafe { raw.cmd_pipeline_barrier2(commands, &info) };
    }
    for image in physical.images() {
        let range = subresources(&Region::WHOLE, physical.aspect(), physical.levels());
        let barrier = vk::ImageMemoryBarrier2::default()
            .dst_stage_mask(vk::PipelineStageFlags2::ALL_TRANSFER)
            .dst_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
            .old_layout(vk::ImageLayout::UNDEFINED)
            .new_layout(vk::ImageLayout::TRANSFER_DST_OPTIMAL)
            .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .image(image)
            .subresource_range(range);
        let info = vk::DependencyInfo::default().image_memory_barriers(std::slice::from_ref(&barrier));
        let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
        // SAFETY: the image is alive, unused, and has transfer-destination usage; the barrier puts it in this layout.
        unsafe {
            raw.cmd_pipeline_barrier2(commands, &info);
            if physical.aspect().contains(vk::ImageAspectFlags::DEPTH) {
                let clear = vk::ClearDepthStencilValue::default();
                raw.cmd_clear_depth_stencil_image(commands, image, layout, &clear, &[range]);
            } else {
                raw.cmd_clear_color_image(commands, image, layout, &vk::ClearColorValue::default(), &[range]);
            }
        }
    }
}
