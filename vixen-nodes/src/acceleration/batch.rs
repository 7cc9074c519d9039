//! Bottom-level structures that are built together.

use std::sync::Arc;

use vixen::Device;
use vixen::ash::{khr, vk};
use vixen::memory::{AccelerationStructure, AccelerationStructureDesc};

use super::blas::{Blas, BlasDesc};
use super::commands::{Build, Edge, barrier, build};
use super::compact::compact;
use super::error::AccelerationError;
use super::memory::{Input, Scratch, functions, sizes};

/// Structures with everything that their builds need.
pub(super) struct Batch<'d> {
    device: &'d Device,
    loader: &'d khr::acceleration_structure::Device,
    blases: Vec<Blas>,
    builds: Vec<Build>,
    /// Which of them are to be compacted.
    compacts: Vec<usize>,
    _input: Input,
    _scratch: Scratch,
}

impl<'d> Batch<'d> {
    pub fn new(device: &'d Device, descs: &[BlasDesc<'_>]) -> Result<Self, AccelerationError> {
        let (loader, limits) = functions(device)?;
        if descs.is_empty() {
            return Err(AccelerationError::Empty { name: "batch".to_owned(), what: "structures" });
        }
        let mut blases = Vec::with_capacity(descs.len());
        let mut scratch = Vec::with_capacity(descs.len());
        for desc in descs {
            desc.geometry.check(desc.name, limits.max_primitive_count.min(u64::from(u32::MAX)))?;
            let primitives = desc.geometry.primitives() as u32;
            let sizes = sizes(loader, desc.kind(), &desc.geometry.describe([0; 2]), primitives);
            let structure = AccelerationStructureDesc {
                name: desc.name,
                kind: vk::AccelerationStructureTypeKHR::BOTTOM_LEVEL,
                size: sizes.structure,
            };
            let structure = Arc::new(AccelerationStructure::new(device, &structure)?);
            blases.push(Blas::new(structure, desc, sizes.update_scratch));
            scratch.push(sizes.build_scratch);
        }
        let parts: Vec<&[u8]> = descs.iter().flat_map(|desc| desc.geometry.bytes()).collect();
        let input = Input::new(device, &parts)?;
        let scratch = Scratch::new(device, &limits, &scratch)?;
        let builds = (descs.iter().zip(&blases).enumerate())
            .map(|(index, (desc, blas))| Build {
                kind: desc.kind(),
                update: false,
                target: blas.structure().raw(),
                geometry: desc.geometry.describe([input.parts[2 * index], input.parts[2 * index + 1]]),
                primitives: desc.geometry.primitives() as u32,
                scratch: scratch.parts[index],
            })
            .collect();
        let compacts = (0..descs.len()).filter(|&index| descs[index].compact).collect();
        Ok(Self { device, loader, blases, builds, compacts, _input: input, _scratch: scratch })
    }

    /// The structures, which hold nothing before the builds have run.
    pub fn blases(&self) -> &[Blas] {
        &self.blases
    }

    /// Whether any of them changes its place once its size is known.
    pub fn compacts(&self) -> bool {
        !self.compacts.is_empty()
    }

    /// Records all builds as one command.
    pub fn record(&self, commands: vk::CommandBuffer) {
        // SAFETY: `submit_once` gives a buffer that is being recorded; `new` made targets, input and scratch memory to measure, and
        // they live until this batch is dropped, after the submission was waited for.
        unsafe { build(self.loader, commands, &self.builds) };
    }

    /// Builds, compacts what is to be compacted, and waits.
    pub fn run(mut self) -> Result<Vec<Blas>, AccelerationError> {
        if self.compacts.is_empty() {
            self.device.submit_once(|commands| {
                barrier(self.device, commands, Edge::Begin);
                self.record(commands);
                barrier(self.device, commands, Edge::End);
            })?;
            return Ok(self.blases);
        }
        let full: Vec<_> = self.compacts.iter().map(|&index| Arc::clone(self.blases[index].structure())).collect();
        let compacted = compact(self.device, self.loader, &full, |commands| {
            barrier(self.device, commands, Edge::Begin);
            self.record(commands);
        })?;
        for (&index, structure) in self.compacts.iter().zip(compacted) {
            self.blases[index].replace(structure);
        }
        Ok(self.blases)
    }
}
