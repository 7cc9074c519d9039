//! Reloading shaders: other pipelines for the nodes that run them, and everything else as it is.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::event::RecompileCause;
use crate::frame::compiled::CompiledGraph;
use crate::frame::pipeline::modules::Module;
use crate::frame::validate;
use crate::graph::NodeDeclaration;
use crate::memory::Phase;
use crate::shader::reload::{Changed, Expected, ReloadError, Reloaded, Watched, Watcher, mismatch};
use crate::shader::{ShaderStage, Workgroup};

impl CompiledGraph {
    /// Watches the SPIR-V files of the graph's shaders from now on, on a thread of its own that looks ten times a second:
    /// those that the program was built with, or files of the same names in another folder.
    /// [`reload_changed`](CompiledGraph::reload_changed) takes over what has changed, also since the program was built.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn watch_shaders(&mut self, folder: Option<&Path>) -> io::Result<()> {
        let mut files: Vec<Watched> = Vec::new();
        for (_, stage) in self.shaders() {
            let Some(file) = stage.file.filter(|file| files.iter().all(|other| other.id != *file)) else { continue };
            let path = match (folder, Path::new(file).file_name()) {
                (Some(folder), Some(name)) => folder.join(name),
                _ => file.into(),
            };
            let contents = self.pipelines.modules().code(stage).to_vec();
            files.push(Watched { id: file, path, contents });
        }
        self.watcher = Some(Watcher::new(files)?);
        Ok(())
    }

    /// Reloads the shaders whose files have changed. Where none has, or nothing is watched, this costs one load of an atomic and
    /// allocates nothing.
    pub fn reload_changed(&mut self) -> Vec<Result<Reloaded, ReloadError>> {
        let changed = self.watcher.as_ref().map_or_else(Vec::new, Watcher::changed);
        changed.into_iter().map(|Changed { id, contents }| self.reload_shader(id, &contents)).collect()
    }

    /// Replaces a shader by another module: `file` is the whole path of the SPIR-V file that the program was built with, `code`
    /// is what would stand there now. What the driver is given is not validated beyond what the graph needs: a module that
    /// `spirv-val` refuses may make it crash.
    ///
    /// Waits for the graph's frames. The pipelines of all nodes with this shader are made anew, and the segments that bind them
    /// recorded again; everything else stays. The result is what a graph has that is compiled with the new module.
    ///
    /// # Errors
    /// When the module does not fit the nodes that run it, or when no pipeline can be made of it: see [`ReloadError`].
    pub fn reload_shader(&mut self, file: &str, code: &[u8]) -> Result<Reloaded, ReloadError> {
        let _phase = Phase::Compile.enter();
        let stages: Vec<_> = self.shaders().filter(|(_, stage)| stage.file == Some(file)).collect();
        let Some(&(_, ShaderStage { file: Some(file), path: shader, .. })) = stages.first() else {
            return Err(ReloadError::NoSuchShader { file: file.to_owned() });
        };
        let workgroup = self.check_module(&stages, code)?;
        let pipeline = |source| ReloadError::Pipeline { shader, source };
        let rebuilt = self.pipelines.replace(file, Module { code: code.to_vec(), workgroup }).map_err(pipeline)?;
        self.timeline.wait(self.number).map_err(|error| pipeline(error.into()))?;

        let mut reloaded = Reloaded { shader, nodes: 0, pipelines: 0 };
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if let Some((_, after)) = rebuilt.iter().find(|(before, _)| Arc::ptr_eq(before, &node.pipelines)) {
                node.pipelines = Arc::clone(after);
                self.changes.node(index, RecompileCause::Reload);
                reloaded.nodes += 1;
            }
        }
        reloaded.pipelines = rebuilt.iter().map(|(_, after)| after.count()).sum();
        self.changes.begin(RecompileCause::Reload).pipelines += reloaded.pipelines;
        self.events.reloaded(reloaded);
        self.renew().map_err(|source| ReloadError::Recompile { shader, source })?;
        Ok(reloaded)
    }

    /// Compares a new module with the nodes that are to run it. Returns its workgroup.
    fn check_module(
        &self,
        stages: &[(&'static NodeDeclaration, &'static ShaderStage)],
        code: &[u8],
    ) -> Result<Option<Workgroup>, ReloadError> {
        let mut workgroup = None;
        for &(node, stage) in stages {
            let shader = stage.path;
            let reflect = |code| {
                vixen_spirv::reflect_entry(code, Some(stage.entry))
                    .map_err(|source| ReloadError::Unreadable { shader, source })
            };
            let found = reflect(code)?;
            let problem = mismatch(&Expected { node, stage, shader: &reflect(stage.code)? }, &found)
                .or_else(|| validate::shader_problem(&self.device, &found.capabilities, found.local_size));
            if let Some(problem) = problem {
                return Err(ReloadError::Mismatch { shader, node: node.name, problem });
            }
            workgroup = found.local_size.map(|size| Workgroup { size, ids: found.local_size_ids });
        }
        Ok(workgroup)
    }

    /// The shaders of all living nodes, with the node that each is of.
    fn shaders(&self) -> impl Iterator<Item = (&'static NodeDeclaration, &'static ShaderStage)> {
        self.nodes.iter().flat_map(|node| {
            let declaration = node.declaration;
            let stages = declaration.programs.iter().flat_map(|program| program.stages);
            stages.map(move |stage| (declaration, stage))
        })
    }
}
