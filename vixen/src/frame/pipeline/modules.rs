//! The modules that pipelines are made of: those that the program was built with, or what took their place (`hot-reload`).

#[cfg(feature = "hot-reload")]
use std::collections::HashMap;

#[cfg(feature = "hot-reload")]
use crate::shader::Workgroup;
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
    /// The workgroup of a compute shader.
    pub workgroup: Option<Workgroup>,
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

    /// The kind of a program; a workgroup has the size that its shader and a node's specialisation data give it.
    pub fn kind(&self, program: &Program, spec: &[u8]) -> ProgramKind {
        let (ProgramKind::Compute { workgroup }, [stage]) = (program.kind, program.stages) else { return program.kind };
        #[cfg(feature = "hot-reload")]
        let workgroup = self.get(stage).and_then(|module| module.workgroup).unwrap_or(workgroup);
        ProgramKind::Compute { workgroup: workgroup.specialised(stage, spec) }
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
