//! Bottom-level structures: geometry.

use std::sync::Arc;

use vixen::Device;
use vixen::ash::vk;
use vixen::memory::AccelerationStructure;

use super::batch::Batch;
use super::commands::{Build, Edge, barrier, build};
use super::error::AccelerationError;
use super::geometry::Geometry;
use super::memory::{Input, Kind, Scratch, functions};

/// What a build is to be good at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefer {
    /// Rays that are fast.
    #[default]
    FastTrace,
    /// Builds that are fast, for what is built often.
    FastBuild,
}

/// A bottom-level structure to build.
#[derive(Clone, Copy, Debug)]
pub struct BlasDesc<'a> {
    /// What messages and debuggers call it.
    pub name: &'a str,
    /// What it holds.
    pub geometry: Geometry<'a>,
    /// What the build is to be good at.
    pub prefer: Prefer,
    /// Whether [`Blas::update`] may move its primitives.
    pub updatable: bool,
    /// Whether it is copied into no more memory than it needs: for what is built once and traced often.
    pub compact: bool,
}

impl<'a> BlasDesc<'a> {
    /// A structure that is traced fast, never updated and not compacted.
    pub const fn new(name: &'a str, geometry: Geometry<'a>) -> Self {
        Self { name, geometry, prefer: Prefer::FastTrace, updatable: false, compact: false }
    }

    /// The same, good at something else.
    #[must_use]
    pub const fn prefer(self, prefer: Prefer) -> Self {
        Self { prefer, ..self }
    }

    /// The same, ready for updates.
    #[must_use]
    pub const fn updatable(self) -> Self {
        Self { updatable: true, ..self }
    }

    /// The same, compacted.
    #[must_use]
    pub const fn compact(self) -> Self {
        Self { compact: true, ..self }
    }

    pub(super) fn kind(&self) -> Kind {
        use vk::BuildAccelerationStructureFlagsKHR as F;
        let mut flags = match self.prefer {
            Prefer::FastTrace => F::PREFER_FAST_TRACE,
            Prefer::FastBuild => F::PREFER_FAST_BUILD,
        };
        if self.updatable {
            flags |= F::ALLOW_UPDATE;
        }
        if self.compact {
            flags |= F::ALLOW_COMPACTION;
        }
        Kind { ty: vk::AccelerationStructureTypeKHR::BOTTOM_LEVEL, flags }
    }
}

/// A bottom-level structure. Clones share it; instances keep it alive.
#[derive(Clone, Debug)]
pub struct Blas {
    structure: Arc<AccelerationStructure>,
    shape: Shape,
    flags: vk::BuildAccelerationStructureFlagsKHR,
    update_scratch: u64,
}

/// What an update must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Aabbs(usize),
    Triangles { vertices: usize, triangles: usize },
}

impl Shape {
    fn of(geometry: &Geometry<'_>) -> Self {
        match geometry {
            Geometry::Aabbs(boxes) => Self::Aabbs(boxes.len()),
            Geometry::Triangles { vertices, indices } => {
                Self::Triangles { vertices: vertices.len(), triangles: indices.len() / 3 }
            }
        }
    }
}

impl Blas {
    /// Builds one and waits.
    ///
    /// # Errors
    /// When the device lacks `accelerationStructure` or `rayTracingPipeline`, its memory or budget does not suffice, or the geometry
    /// is malformed.
    pub fn build(device: &Device, desc: &BlasDesc<'_>) -> Result<Self, AccelerationError> {
        Ok(Self::build_many(device, std::slice::from_ref(desc))?.remove(0))
    }

    /// Builds any number with one build command, from one upload and one piece of scratch memory, and waits.
    ///
    /// # Errors
    /// As for [`build`](Self::build); then none is built.
    pub fn build_many(device: &Device, descs: &[BlasDesc<'_>]) -> Result<Vec<Self>, AccelerationError> {
        Batch::new(device, descs)?.run()
    }

    pub(super) fn new(structure: Arc<AccelerationStructure>, desc: &BlasDesc<'_>, update_scratch: u64) -> Self {
        Self { structure, shape: Shape::of(&desc.geometry), flags: desc.kind().flags, update_scratch }
    }

    /// Moves the primitives in place, and waits. Structures of instances that hold it are to be updated or rebuilt after that.
    ///
    /// Rays get slower the farther primitives move from where they were built.
    ///
    /// # Errors
    /// When it was not built [`updatable`](BlasDesc::updatable), on another device, or from another number of boxes, vertices or
    /// triangles.
    pub fn update(&self, device: &Device, geometry: Geometry<'_>) -> Result<(), AccelerationError> {
        let refuse =
            |problem: String| Err(AccelerationError::NotUpdatable { name: self.structure.name().to_owned(), problem });
        if !self.flags.contains(vk::BuildAccelerationStructureFlagsKHR::ALLOW_UPDATE) {
            return refuse("it was not built for updates; build it with `BlasDesc::updatable`".to_owned());
        }
        if Shape::of(&geometry) != self.shape {
            return refuse(format!("it holds {:?}, not {:?}; build a new one", self.shape, Shape::of(&geometry)));
        }
        self.structure.check_device(device)?;
        let (loader, limits) = functions(device)?;
        geometry.check(self.structure.name(), limits.max_primitive_count)?;
        let input = Input::new(device, &geometry.bytes())?;
        let scratch = Scratch::new(device, &limits, &[self.update_scratch])?;
        let update = Build {
            kind: Kind { ty: self.structure.kind(), flags: self.flags },
            update: true,
            target: self.structure.raw(),
            geometry: geometry.describe([input.parts[0], input.parts[1]]),
            primitives: geometry.primitives() as u32,
            scratch: scratch.parts[0],
        };
        device.submit_once(|commands| {
            barrier(device, commands, Edge::Begin);
            // SAFETY: the buffer is being recorded; the structure was built with these flags and this shape; input and scratch memory
            // were made to measure and live until the update has been waited for.
            unsafe { build(loader, commands, std::slice::from_ref(&update)) };
            barrier(device, commands, Edge::End);
        })?;
        Ok(())
    }

    /// The structure itself.
    pub fn structure(&self) -> &Arc<AccelerationStructure> {
        &self.structure
    }

    /// The bytes that it takes of the budget.
    pub fn bytes(&self) -> u64 {
        self.structure.bytes()
    }

    /// Puts the compacted copy in place of the structure.
    pub(super) fn replace(&mut self, structure: Arc<AccelerationStructure>) {
        self.structure = structure;
    }
}
