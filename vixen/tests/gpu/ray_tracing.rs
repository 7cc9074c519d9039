//! Ray-tracing nodes: one triangle in a small scene of raw Vulkan.

use vixen::ash::vk;
use vixen::device::Feature;
use vixen::memory::{self, BufferDesc, Category, Location};
use vixen::{AccelerationStructure, Device, Extent, Graph, Image, R32Uint, RayTracing, node};

use crate::common::{on_device, step, words};

#[node(
    ray_tracing,
    raygen = "tests/shaders/trace.rgen.spv",
    miss = "tests/shaders/trace.rmiss.spv",
    hit(closest = "tests/shaders/trace.rchit.spv")
)]
pub struct Trace {
    #[acceleration_structure]
    scene: AccelerationStructure,
    #[storage(write)]
    color: Image<R32Uint>,
}

#[node]
impl RayTracing for Trace {
    fn record(view: &View, commands: &mut Commands) {
        commands.trace_rays(view.color.extent());
    }
}

/// An acceleration structure with all that it needs.
struct Structure {
    device: Device,
    raw: vk::AccelerationStructureKHR,
    address: vk::DeviceAddress,
    _memory: [memory::Buffer; 2],
}

impl Drop for Structure {
    fn drop(&mut self) {
        let loader = self.device.acceleration_structure().expect("it was made");
        // SAFETY: nothing uses the structure any more.
        unsafe { loader.destroy_acceleration_structure(self.raw, self.device.callbacks()) };
    }
}

fn buffer(device: &Device, bytes: u64, usage: vk::BufferUsageFlags, location: Location) -> memory::Buffer {
    let desc = BufferDesc::new("scene", bytes, usage | vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS).at(location);
    device.budget().buffer(&desc, Category::Other).expect("there is memory")
}

fn build(
    device: &Device,
    kind: vk::AccelerationStructureTypeKHR,
    geometry: vk::AccelerationStructureGeometryKHR<'_>,
    count: u32,
) -> Structure {
    let loader = device.acceleration_structure().expect("the device has the extension");
    let geometries = [geometry];
    let mut info = vk::AccelerationStructureBuildGeometryInfoKHR::default()
        .ty(kind)
        .mode(vk::BuildAccelerationStructureModeKHR::BUILD)
        .geometries(&geometries);
    let mut sizes = vk::AccelerationStructureBuildSizesInfoKHR::default();
    // SAFETY: the description is complete but for what a query of sizes does not look at.
    unsafe {
        let host_or_device = vk::AccelerationStructureBuildTypeKHR::DEVICE;
        loader.get_acceleration_structure_build_sizes(host_or_device, &info, &[count], &mut sizes);
    }
    let usage = vk::BufferUsageFlags::ACCELERATION_STRUCTURE_STORAGE_KHR;
    let storage = buffer(device, sizes.acceleration_structure_size, usage, Location::Device);
    let scratch =
        buffer(device, sizes.build_scratch_size + 256, vk::BufferUsageFlags::STORAGE_BUFFER, Location::Device);
    let create = vk::AccelerationStructureCreateInfoKHR::default()
        .buffer(storage.raw())
        .size(sizes.acceleration_structure_size)
        .ty(kind);
    // SAFETY: the buffer is alive, large enough and has the usage.
    let raw = unsafe { loader.create_acceleration_structure(&create, device.callbacks()) }.expect("there is memory");
    info.dst_acceleration_structure = raw;
    info.scratch_data.device_address = scratch.device_address().expect("it has one").next_multiple_of(256);
    let range = [vk::AccelerationStructureBuildRangeInfoKHR::default().primitive_count(count)];
    device
        .submit_once(|commands| {
            // SAFETY: structure, scratch and input are alive until the commands have finished.
            unsafe { loader.cmd_build_acceleration_structures(commands, &[info], &[&range]) };
        })
        .expect("the device lives");
    let info = vk::AccelerationStructureDeviceAddressInfoKHR::default().acceleration_structure(raw);
    // SAFETY: the structure is alive.
    let address = unsafe { loader.get_acceleration_structure_device_address(&info) };
    Structure { device: device.clone(), raw, address, _memory: [storage, scratch] }
}

fn input(device: &Device, bytes: &[u8]) -> memory::Buffer {
    let usage = vk::BufferUsageFlags::ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_KHR;
    let input = buffer(device, bytes.len() as u64, usage, Location::Upload);
    input.write(0, bytes).expect("it is mapped");
    input
}

/// A triangle in the plane z = 0, moved along x.
fn scene(device: &Device, shift: f32) -> [Structure; 2] {
    let corners: [f32; 9] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let corners = input(device, &corners.map(f32::to_le_bytes).concat());
    let triangles = vk::AccelerationStructureGeometryTrianglesDataKHR::default()
        .vertex_format(vk::Format::R32G32B32_SFLOAT)
        .vertex_data(vk::DeviceOrHostAddressConstKHR { device_address: corners.device_address().expect("it has one") })
        .vertex_stride(12)
        .max_vertex(2)
        .index_type(vk::IndexType::NONE_KHR);
    let geometry = vk::AccelerationStructureGeometryKHR::default()
        .geometry_type(vk::GeometryTypeKHR::TRIANGLES)
        .geometry(vk::AccelerationStructureGeometryDataKHR { triangles });
    let bottom = build(device, vk::AccelerationStructureTypeKHR::BOTTOM_LEVEL, geometry, 1);

    let mut instance = [1.0, 0.0, 0.0, shift, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0].map(f32::to_le_bytes).concat();
    instance.extend(0xff00_0000_u32.to_le_bytes());
    instance.extend(0_u32.to_le_bytes());
    instance.extend(bottom.address.to_le_bytes());
    let instance = input(device, &instance);
    let instances = vk::AccelerationStructureGeometryInstancesDataKHR::default()
        .data(vk::DeviceOrHostAddressConstKHR { device_address: instance.device_address().expect("it has one") });
    let geometry = vk::AccelerationStructureGeometryKHR::default()
        .geometry_type(vk::GeometryTypeKHR::INSTANCES)
        .geometry(vk::AccelerationStructureGeometryDataKHR { instances });
    let top = build(device, vk::AccelerationStructureTypeKHR::TOP_LEVEL, geometry, 1);
    [bottom, top]
}

#[test]
fn rays_hit_what_was_imported() {
    on_device(|device| {
        if !device.capabilities().has(Feature::RayTracingPipeline) {
            assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "the tests need a device that traces rays");
            println!("skipped: `{}` has no ray-tracing pipelines", device.info().name);
            return;
        }
        let (here, away) = (scene(device, 0.0), scene(device, 5.0));
        let graph = Graph::without_output();
        // SAFETY: the structure was built on this device and outlives the compiled graph.
        let (wire, import) = unsafe { graph.import_acceleration_structure(here[1].raw) };
        let traced = graph.add(Trace { scene: &wire, color: graph.image(Extent::fixed(8, 8)) });
        let color = graph.read_back(&traced.color);
        let mut compiled = graph.compile(device).expect("the graph is valid");
        // The triangle covers where x + y < 1; texels on the edge go either way.
        for _ in 0..3 {
            step(&mut compiled);
            let texels = words(&compiled, color);
            for (at, texel) in (0..).zip(&texels) {
                let (x, y) = (at % 8, at / 8);
                match (x + y).cmp(&7) {
                    std::cmp::Ordering::Less => assert_eq!(*texel, 100, "({x}, {y})"),
                    std::cmp::Ordering::Equal => assert!([7, 100].contains(texel), "({x}, {y})"),
                    std::cmp::Ordering::Greater => assert_eq!(*texel, 7, "({x}, {y})"),
                }
            }
        }
        // SAFETY: as above.
        unsafe { compiled.rebind_acceleration_structure(import, away[1].raw) }.expect("the device lives");
        step(&mut compiled);
        assert_eq!(words(&compiled, color), [7; 64]);
        drop(compiled);
    });
}
