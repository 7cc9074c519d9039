//! The modules that pipelines are made of: those that the program was built with, or what took their place (`hot-reload`).

#[cfg(feature = "hot-reload")]
use std::collections::HashMap;

use crate::shader::{Program, ProgramKind, ShaderStage};

/// The modules of a graph's shaders.
#[derive(Default)]
pub(crate) struct Modules {
    /// By the file that the program was built with.
    #[cfg(feature = "hot-reload")]
    replaced: HashMap<&'static str, Module>,
}

/// A module that took the place of another.
#[cfg(feature = "hot-reload")]
pub(crate) struct Module {
    /// SPIR-V, little endian.
    pub code: Vec<u8>,
    /// The workgroup size of a compute shader.
    pub local_size: Option<[u32; 3]>,
}

impl Modules {
    /// The SPIR-V of a shader.
    #[cfg(feature = "hot-reload")]
    pub fn code<'m>(&'m self, stage: &'m ShaderStage) -> &'m [u8] {
        self.replaced(stage).unwrap_or(stage.code)
    }

    /// What took the place of a shader's SPIR-V.
    #[cfg(feature = "hot-reload")]
    pub fn replaced(&self, stage: &ShaderStage) -> Option<&[u8]> {
        self.get(stage).map(|module| &*module.code)
    }

    /// Nothing takes the place of a shader's SPIR-V without reloading.
    #[cfg(not(feature = "hot-reload"))]
    pub fn replaced(&self, _: &ShaderStage) -> Option<&[u8]> {
        None
    }

    /// Whether a program runs what it was built with.
    pub fn are_original(&self, program: &Program) -> bool {
        program.stages.iter().all(|stage| self.replaced(stage).is_none())
    }

    /// The kind of a program, with the workgroup size that its shader has.
    pub fn kind(&self, program: &Program) -> ProgramKind {
        #[cfg(feature = "hot-reload")]
        if let (ProgramKind::Compute { .. }, [stage]) = (program.kind, program.stages)
            && let Some(local_size) = self.get(stage).and_then(|module| module.local_size)
        {
            return ProgramKind::Compute { local_size };
        }
        program.kind
    }

    /// Puts a module in the place of a file's, and gives back what was there if that was not the program's own. `None` puts that
    /// one back.
    #[cfg(feature = "hot-reload")]
    pub fn replace(&mut self, file: &'static str, module: Option<Module>) -> Option<Module> {
        match module {
            Some(module) => self.replaced.insert(file, module),
            None => self.replaced.remove(file),
        }
    }

    #[cfg(feature = "hot-reload")]
    fn get(&self, stage: &ShaderStage) -> Option<&Module> {
        self.replaced.get(stage.file?)
    }
}
