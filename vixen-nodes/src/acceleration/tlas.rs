//! Top-level structures: instances.

use std::sync::Arc;

use bytemuck::cast_slice;
use glam::Affine3A;
use vixen::ash::vk;
use vixen::memory::{AccelerationStructure as Structure, AccelerationStructureDesc};
use vixen::{AccelerationStructure, Device, Graph, Shared, Source};

use super::blas::Blas;
use super::commands::{Build, Edge, barrier, build};
use super::error::AccelerationError;
use super::geometry::{Aabb, morton_order};
use super::memory::{Input, Kind, Scratch, Sizes, functions, sizes};

/// A bottom-level structure somewhere in space.
#[derive(Clone, Debug)]
pub struct Instance {
    /// What stands there. It stays alive for as long as a structure refers to it.
    pub blas: Blas,
    /// From its space to that of the rays.
    pub transform: Affine3A,
    /// The shaders' `gl_InstanceCustomIndexEXT`, of which 24 bits count.
    pub index: u32,
    /// Rays whose mask has no bit in common with this one pass it by.
    pub mask: u8,
    /// Which hit group of the pipeline its primitives use, of which 24 bits count.
    pub hit_group: u32,
}

impl Instance {
    /// As it is, where it is.
    pub fn new(blas: &Blas) -> Self {
        Self { blas: blas.clone(), transform: Affine3A::IDENTITY, index: 0, mask: 0xFF, hit_group: 0 }
    }

    /// The same elsewhere.
    #[must_use]
    pub fn transform(self, transform: Affine3A) -> Self {
        Self { transform, ..self }
    }

    /// The same under another number.
    #[must_use]
    pub fn index(self, index: u32) -> Self {
        Self { index, ..self }
    }
}

/// A top-level structure, which graphs share. It can be built with room for more instances than it has at first.
///
/// Shaders know instances by their [`index`](Instance::index): the structure holds them in an order of its own, along a curve through
/// space, since some drivers trace a hundred times slower when neighbours in memory are none in space.
#[derive(Debug)]
pub struct Tlas {
    device: Device,
    structure: Arc<Structure>,
    /// Which instance comes first, which second and so on.
    order: Vec<u32>,
    room: u32,
    scratch: ScratchBytes,
}

/// Scratch bytes for as many instances as there is room for.
#[derive(Clone, Copy, Debug)]
struct ScratchBytes {
    build: u64,
    update: u64,
}

impl Tlas {
    const KIND: Kind = Kind {
        ty: vk::AccelerationStructureTypeKHR::TOP_LEVEL,
        flags: vk::BuildAccelerationStructureFlagsKHR::from_raw(
            vk::BuildAccelerationStructureFlagsKHR::PREFER_FAST_TRACE.as_raw()
                | vk::BuildAccelerationStructureFlagsKHR::ALLOW_UPDATE.as_raw(),
        ),
    };

    /// Builds one of these instances and waits.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure` or `rayTracingPipeline`, or its memory or budget does not suffice; when an
    /// instance is of another device, or its transform is not finite or cannot be inverted.
    pub fn build(device: &Device, name: &str, instances: &[Instance]) -> Result<Self, AccelerationError> {
        Self::build_with_room(device, name, instances, instances.len() as u32)
    }

    /// As [`build`](Self::build), so large that [`rebuild`](Self::rebuild) may put up to `room` instances into it.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_with_room(
        device: &Device,
        name: &str,
        instances: &[Instance],
        room: u32,
    ) -> Result<Self, AccelerationError> {
        let (tlas, work) = Self::prepare(device, name, instances, room)?;
        device.submit_once(|commands| {
            barrier(device, commands, Edge::Begin);
            work.record(device, commands);
            barrier(device, commands, Edge::End);
        })?;
        Ok(tlas)
    }

    /// A structure whose build has not been recorded yet.
    pub(super) fn prepare(
        device: &Device,
        name: &str,
        instances: &[Instance],
        room: u32,
    ) -> Result<(Self, Work), AccelerationError> {
        let (loader, limits) = functions(device)?;
        let room = room.max(instances.len() as u32);
        if u64::from(room) > limits.max_instance_count {
            let (name, what, limit) = (name.to_owned(), "instances", limits.max_instance_count);
            return Err(AccelerationError::TooMany { name, what, count: room.into(), limit });
        }
        let Sizes { structure, build_scratch, update_scratch } = sizes(loader, Self::KIND, &describe(0), room);
        let desc = AccelerationStructureDesc { name, kind: Self::KIND.ty, size: structure };
        let structure = Arc::new(Structure::new(device, &desc)?);
        let scratch = ScratchBytes { build: build_scratch, update: update_scratch };
        let mut tlas = Self { device: device.clone(), structure, order: Vec::new(), room, scratch };
        let order = order(instances);
        let work = tlas.work(instances, &order, false)?;
        tlas.structure.keep(references(instances));
        tlas.order = order;
        Ok((tlas, work))
    }

    fn work(&self, instances: &[Instance], order: &[u32], update: bool) -> Result<Work, AccelerationError> {
        let (_, limits) = functions(&self.device)?;
        for (index, instance) in instances.iter().enumerate() {
            instance.blas.structure().check_device(&self.device)?;
            let transform = &instance.transform;
            if !transform.is_finite() || transform.matrix3.determinant() == 0.0 {
                return Err(AccelerationError::Transform { name: self.structure.name().to_owned(), index });
            }
        }
        let encoded: Vec<_> = order.iter().map(|&index| encode_instance(&instances[index as usize])).collect();
        let input = Input::new(&self.device, &[cast_slice(&encoded)])?;
        let scratch = if update { self.scratch.update } else { self.scratch.build };
        let scratch = Scratch::new(&self.device, &limits, &[scratch])?;
        let build = Build {
            kind: Self::KIND,
            update,
            target: self.structure.raw(),
            geometry: describe(input.parts[0]),
            primitives: instances.len() as u32,
            scratch: scratch.parts[0],
        };
        Ok(Work { build, _input: input, _scratch: scratch })
    }

    /// Moves the instances in place, and waits: as many as there are, each anywhere and of any structure. Cheaper than
    /// [`rebuild`](Self::rebuild); rays get slower the farther instances move from where they were built.
    ///
    /// # Errors
    /// When the number of instances is another, and as for [`build`](Self::build); then nothing has changed.
    pub fn update(&mut self, instances: &[Instance]) -> Result<(), AccelerationError> {
        if instances.len() != self.order.len() {
            let problem = format!("it has {} instances, not {}; rebuild it", self.order.len(), instances.len());
            return Err(AccelerationError::NotUpdatable { name: self.structure.name().to_owned(), problem });
        }
        let order = std::mem::take(&mut self.order);
        let done = self.run(instances, &order, true);
        self.order = order;
        done
    }

    /// Builds it anew in place, and waits. Graphs that share it go on unchanged.
    ///
    /// # Errors
    /// When there is no room for this many instances, and as for [`build`](Self::build); then nothing has changed.
    pub fn rebuild(&mut self, instances: &[Instance]) -> Result<(), AccelerationError> {
        if instances.len() as u32 > self.room {
            let problem = format!("it has room for {} instances, not for {}", self.room, instances.len());
            return Err(AccelerationError::NotUpdatable { name: self.structure.name().to_owned(), problem });
        }
        let order = order(instances);
        self.run(instances, &order, false)?;
        self.order = order;
        Ok(())
    }

    fn run(&self, instances: &[Instance], order: &[u32], update: bool) -> Result<(), AccelerationError> {
        let work = self.work(instances, order, update)?;
        // Both old and new stay alive until the build has run: it waits for the frames before it.
        let mut references = references(instances);
        references.extend(self.structure.keep(Vec::new()));
        self.structure.keep(references);
        self.device.submit_once(|commands| {
            barrier(&self.device, commands, Edge::Begin);
            work.record(&self.device, commands);
            barrier(&self.device, commands, Edge::End);
        })?;
        self.structure.keep(self::references(instances));
        Ok(())
    }

    /// The structure itself.
    pub fn structure(&self) -> &Arc<Structure> {
        &self.structure
    }

    /// The bytes that it takes of the budget, without those of the structures that it refers to.
    pub fn bytes(&self) -> u64 {
        self.structure.bytes()
    }
}

impl Source for Tlas {
    const NAME: &'static str = "Tlas";
    type Wires = Shared<AccelerationStructure>;

    fn share(&self, graph: &Graph) -> Shared<AccelerationStructure> {
        graph.share_acceleration_structure(&self.structure)
    }
}

/// A build of a top-level structure with what it reads and works in.
pub(super) struct Work {
    build: Build,
    _input: Input,
    _scratch: Scratch,
}

impl Work {
    pub fn record(&self, device: &Device, commands: vk::CommandBuffer) {
        let loader = device.acceleration_structure().expect("the structure was made with these functions");
        // SAFETY: `submit_once` gives a buffer that is being recorded; target, input and scratch memory were made to measure; they
        // live until the submission has been waited for. `Tlas::work` has checked devices and transforms. What an update updates was built with the same flags and as many instances.
        unsafe { build(loader, commands, std::slice::from_ref(&self.build)) };
    }
}

/// Instances along the curve, by where their own space begins.
fn order(instances: &[Instance]) -> Vec<u32> {
    let place = |instance: &Instance| instance.transform.translation.to_array();
    let points: Vec<_> =
        instances.iter().map(|instance| Aabb { low: place(instance), high: place(instance) }).collect();
    morton_order(&points)
}

fn references(instances: &[Instance]) -> Vec<Arc<Structure>> {
    instances.iter().map(|instance| Arc::clone(instance.blas.structure())).collect()
}

pub(super) fn describe(instances: vk::DeviceAddress) -> vk::AccelerationStructureGeometryKHR<'static> {
    let data = vk::DeviceOrHostAddressConstKHR { device_address: instances };
    let instances = vk::AccelerationStructureGeometryInstancesDataKHR::default().data(data);
    vk::AccelerationStructureGeometryKHR::default()
        .geometry_type(vk::GeometryTypeKHR::INSTANCES)
        .geometry(vk::AccelerationStructureGeometryDataKHR { instances })
}

/// An instance of a structure as it is, where it is.
pub(super) fn encode(structure: &Structure) -> [u32; 16] {
    words(Affine3A::IDENTITY, 0, 0xFF, 0, structure)
}

fn encode_instance(instance: &Instance) -> [u32; 16] {
    words(instance.transform, instance.index, instance.mask, instance.hit_group, instance.blas.structure())
}

/// The device's `VkAccelerationStructureInstanceKHR`: three rows of the transform, two packed words, an address.
fn words(transform: Affine3A, index: u32, mask: u8, hit_group: u32, structure: &Structure) -> [u32; 16] {
    let (matrix, offset) = (transform.matrix3, transform.translation);
    let mut words = [0; 16];
    for row in 0..3 {
        for (column, value) in matrix.row(row).to_array().into_iter().chain([offset[row]]).enumerate() {
            words[4 * row + column] = value.to_bits();
        }
    }
    const LOW: u32 = 0x00FF_FFFF;
    words[12] = index & LOW | u32::from(mask) << 24;
    words[13] = hit_group & LOW;
    let address = structure.device_address();
    (words[14], words[15]) = (address as u32, (address >> 32) as u32);
    words
}
