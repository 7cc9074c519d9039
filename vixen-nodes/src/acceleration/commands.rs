//! The commands of builds, and the barriers around them.

use vixen::Device;
use vixen::ash::{khr, vk};

use super::memory::Kind;

/// One build, ready to be recorded. Everything that it names stays alive until it has been waited for.
pub(super) struct Build {
    pub kind: Kind,
    /// The structure to refit in place; otherwise it is built from nothing.
    pub update: bool,
    pub target: vk::AccelerationStructureKHR,
    pub geometry: vk::AccelerationStructureGeometryKHR<'static>,
    pub primitives: u32,
    pub scratch: vk::DeviceAddress,
}

impl Build {
    fn info(&self) -> vk::AccelerationStructureBuildGeometryInfoKHR<'_> {
        use vk::BuildAccelerationStructureModeKHR as Mode;
        let info = vk::AccelerationStructureBuildGeometryInfoKHR::default()
            .ty(self.kind.ty)
            .flags(self.kind.flags)
            .mode(if self.update { Mode::UPDATE } else { Mode::BUILD })
            .dst_acceleration_structure(self.target)
            .geometries(std::slice::from_ref(&self.geometry))
            .scratch_data(vk::DeviceOrHostAddressKHR { device_address: self.scratch });
        if self.update { info.src_acceleration_structure(self.target) } else { info }
    }
}

/// Records builds that run at the same time, in one command.
///
/// # Safety
/// The command buffer is being recorded. Targets have the size that the device asked for, and so has the scratch memory, apart for
/// each build and aligned; geometry lies at the geometries' addresses; an updated target was built with the same flags and as many
/// primitives, `ALLOW_UPDATE` among the flags.
pub(super) unsafe fn build(
    loader: &khr::acceleration_structure::Device,
    commands: vk::CommandBuffer,
    builds: &[Build],
) {
    let infos: Vec<_> = builds.iter().map(Build::info).collect();
    let range = |build: &Build| vk::AccelerationStructureBuildRangeInfoKHR::default().primitive_count(build.primitives);
    let ranges: Vec<_> = builds.iter().map(range).collect();
    let ranges: Vec<_> = ranges.iter().map(std::slice::from_ref).collect();
    // SAFETY: the caller's contract is this call's; there is one range for each build's one geometry.
    unsafe { loader.cmd_build_acceleration_structures(commands, &infos, &ranges) };
}

/// Records one build. Allocates nothing, which [`build`] cannot say: this is for frames.
///
/// # Safety
/// As for [`build`].
pub(super) unsafe fn build_one(
    loader: &khr::acceleration_structure::Device,
    commands: vk::CommandBuffer,
    build: &Build,
) {
    let info = build.info();
    let range = vk::AccelerationStructureBuildRangeInfoKHR::default().primitive_count(build.primitives);
    let ranges: *const vk::AccelerationStructureBuildRangeInfoKHR = &raw const range;
    // SAFETY: the caller's contract is this call's; there is one info, and for it one range, for its one geometry, and all of it lives until
    // the call returns.
    unsafe { (loader.fp().cmd_build_acceleration_structures_khr)(commands, 1, &raw const info, &raw const ranges) };
}

/// Where barriers stand.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    /// Before builds: frames that were submitted may still trace against the targets, and uploads have just been written.
    Begin,
    /// Between builds, or a build and a copy, of which the later reads what the earlier wrote, or takes over its scratch memory.
    Between,
    /// After builds: whatever is submitted later may trace.
    End,
}

pub(super) fn barrier(device: &Device, commands: vk::CommandBuffer, edge: Edge) {
    use vk::{AccessFlags2 as A, PipelineStageFlags2 as S};
    let (build, all) = (S::ACCELERATION_STRUCTURE_BUILD_KHR, S::ALL_COMMANDS);
    let (read, write) = (A::ACCELERATION_STRUCTURE_READ_KHR, A::ACCELERATION_STRUCTURE_WRITE_KHR);
    let (source, destination) = match edge {
        Edge::Begin => ((all, A::MEMORY_WRITE), (build, A::MEMORY_READ | A::MEMORY_WRITE)),
        Edge::Between => ((build, write), (build, read | write)),
        Edge::End => ((build, write), (all, A::MEMORY_READ | A::MEMORY_WRITE)),
    };
    let barrier = vk::MemoryBarrier2::default()
        .src_stage_mask(source.0)
        .src_access_mask(source.1)
        .dst_stage_mask(destination.0)
        .dst_access_mask(destination.1);
    let dependency = vk::DependencyInfo::default().memory_barriers(std::slice::from_ref(&barrier));
    // SAFETY: the buffer is being recorded, outside of a rendering scope.
    unsafe { device.raw().cmd_pipeline_barrier2(commands, &dependency) };
}
