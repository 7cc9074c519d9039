//! Loads the shaders of a node and puts what they bind together.

use std::path::PathBuf;

use syn::LitStr;
use vixen_spirv::{Access, Binding, Count, Descriptor, ReflectError, Shader, Stage};

use crate::args::{HitArg, NodeArgs, ProgramArgs, Role};
use crate::errors::Errors;
use crate::files::Roots;

/// A pipeline with its shaders.
pub struct Program {
    pub args: ProgramArgs,
    pub stages: Vec<Module>,
}

/// One shader of a pipeline.
pub struct Module {
    pub role: Role,
    pub file: LitStr,
    pub path: PathBuf,
    pub shader: Shader,
}

/// A binding as all shaders of a node together see it.
pub struct Merged {
    pub set: u32,
    pub binding: u32,
    /// The names that it has, most telling first; none in stripped modules.
    pub names: Vec<String>,
    pub count: Count,
    pub access: Access,
    pub used: bool,
    /// `VkShaderStageFlags`.
    pub stages: u32,
    /// What each shader says; all of one type.
    pub descriptors: Vec<Descriptor>,
    /// The shader that declares it first.
    pub file: LitStr,
}

/// The shaders of a node.
pub struct Shaders {
    pub programs: Vec<Program>,
    pub bindings: Vec<Merged>,
    /// Every shader could be read.
    pub complete: bool,
}

impl Shaders {
    /// Loads every shader that the arguments name.
    pub fn load(args: &mut NodeArgs, roots: &Roots, errors: &Errors) -> Self {
        // Arguments that could not be read may have named shaders.
        let mut shaders = Self { programs: Vec::new(), bindings: Vec::new(), complete: errors.is_empty() };
        for mut program in std::mem::take(&mut args.programs) {
            program.sort();
            let stages = std::mem::take(&mut program.stages);
            let wanted = stages.len();
            let stages: Vec<Module> =
                stages.into_iter().filter_map(|stage| load(stage.role, stage.file, roots, errors)).collect();
            shaders.complete &= stages.len() == wanted;
            if stages.len() < wanted {
                program.hit_groups = Vec::<HitArg>::new();
            }
            for stage in &stages {
                for binding in &stage.shader.bindings {
                    shaders.merge(binding, stage, errors);
                }
            }
            shaders.programs.push(Program { args: program, stages });
        }
        shaders
    }

    /// Every shader.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.programs.iter().flat_map(|program| &program.stages)
    }

    fn merge(&mut self, binding: &Binding, module: &Module, errors: &Errors) {
        let names = names(binding);
        let place = (binding.set, binding.binding);
        let Some(merged) = self.bindings.iter_mut().find(|merged| (merged.set, merged.binding) == place) else {
            self.bindings.push(Merged {
                set: binding.set,
                binding: binding.binding,
                names,
                count: binding.count,
                access: binding.access,
                used: binding.used,
                stages: module.role.flag(),
                descriptors: vec![binding.descriptor.clone()],
                file: module.file.clone(),
            });
            return;
        };
        let before = &merged.descriptors[0];
        if std::mem::discriminant(before) != std::mem::discriminant(&binding.descriptor)
            || merged.count != binding.count
        {
            let message = format!(
                "set {}, binding {} is {} here and {} in `{}`; give one of them another binding",
                binding.set,
                binding.binding,
                describe(&binding.descriptor, binding.count),
                describe(before, merged.count),
                merged.file.value(),
            );
            errors.over(&module.file, message);
            return;
        }
        merged.names.extend(names.into_iter().filter(|name| !merged.names.contains(name)).collect::<Vec<_>>());
        merged.access.readable |= binding.access.readable;
        merged.access.writable |= binding.access.writable;
        merged.access.loads |= binding.access.loads;
        merged.access.stores |= binding.access.stores;
        merged.used |= binding.used;
        merged.stages |= module.role.flag();
        if !merged.descriptors.contains(&binding.descriptor) {
            merged.descriptors.push(binding.descriptor.clone());
        }
    }
}

impl Merged {
    /// The name that messages use.
    pub fn name(&self) -> &str {
        self.names.first().map_or("(unnamed)", String::as_str)
    }

    /// What is bound.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptors[0]
    }

    /// ``"`camera` (set 0, binding 1, a uniform buffer)"``.
    pub fn described(&self) -> String {
        let what = describe(self.descriptor(), self.count);
        format!("`{}` (set {}, binding {}, {what})", self.name(), self.set, self.binding)
    }

    /// Whether a slot of this name means it.
    pub fn answers_to(&self, slot: &str) -> bool {
        self.names.iter().any(|name| name == slot || snake_case(name) == slot)
    }
}

/// A descriptor with its article.
pub fn describe(descriptor: &Descriptor, count: Count) -> String {
    let (article, what) = match descriptor {
        Descriptor::UniformBuffer(_) => ("a", "uniform buffer"),
        Descriptor::StorageBuffer(_) => ("a", "storage buffer"),
        Descriptor::SampledImage(_) => ("a", "sampled image"),
        Descriptor::StorageImage(_) => ("a", "storage image"),
        Descriptor::CombinedImageSampler(_) => ("a", "combined image sampler"),
        Descriptor::Sampler => ("a", "sampler"),
        Descriptor::InputAttachment => ("an", "input attachment"),
        Descriptor::UniformTexelBuffer => ("a", "uniform texel buffer"),
        Descriptor::StorageTexelBuffer => ("a", "storage texel buffer"),
        Descriptor::AccelerationStructure => ("an", "acceleration structure"),
    };
    match count {
        Count::One => format!("{article} {what}"),
        Count::Array(count) => format!("an array of {count} {what}s"),
        Count::Runtime => format!("a run-time array of {what}s"),
    }
}

fn load(role: Role, file: LitStr, roots: &Roots, errors: &Errors) -> Option<Module> {
    let text = file.value();
    // A module with several entry points: `kernels.spv#blur_x`.
    let (name, entry) = match text.split_once('#') {
        Some((name, entry)) => (name, Some(entry)),
        None => (text.as_str(), None),
    };
    let path = match roots.find(name) {
        Ok(path) => path,
        Err(missing) => {
            errors.over(&file, missing);
            return None;
        }
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            errors.over(&file, format!("cannot read {}: {error}", path.display()));
            return None;
        }
    };
    let shader = match vixen_spirv::reflect_entry(&bytes, entry) {
        Ok(shader) => shader,
        Err(ReflectError::Length { .. } | ReflectError::BadMagic { .. }) if !name.ends_with(".spv") => {
            let message = format!(
                "`{name}` is no SPIR-V: a node names the compiled module, such as `{name}.spv` (`./x shaders` compiles GLSL here)"
            );
            errors.over(&file, message);
            return None;
        }
        Err(error) => {
            errors.over(&file, format!("`{name}`: {error}"));
            return None;
        }
    };
    if shader.stage != role.stage() {
        let message = format!("this is a {} shader, and {} is wanted here", stage_name(shader.stage), role.described());
        errors.over(&file, message);
        return None;
    }
    Some(Module { role, file, path, shader })
}

/// Instance name first, then the block's; compilers of HLSL put `type.` and more in front.
fn names(binding: &Binding) -> Vec<String> {
    let block = binding.block_name.as_deref().map(|name| name.rsplit('.').next().unwrap_or(name));
    [binding.name.as_deref(), block].into_iter().flatten().filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// `CameraUniform` becomes `camera_uniform`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Vertex => "vertex",
        Stage::Fragment => "fragment",
        Stage::Compute => "compute",
        Stage::RayGeneration => "ray-generation",
        Stage::Intersection => "intersection",
        Stage::AnyHit => "any-hit",
        Stage::ClosestHit => "closest-hit",
        Stage::Miss => "miss",
        Stage::Callable => "callable",
        Stage::Geometry => "geometry",
        Stage::TessellationControl => "tessellation-control",
        Stage::TessellationEvaluation => "tessellation-evaluation",
        Stage::Task => "task",
        Stage::Mesh => "mesh",
    }
}

impl Role {
    fn stage(self) -> Stage {
        match self {
            Self::Compute => Stage::Compute,
            Self::Vertex => Stage::Vertex,
            Self::Fragment => Stage::Fragment,
            Self::RayGeneration => Stage::RayGeneration,
            Self::Miss => Stage::Miss,
            Self::ClosestHit => Stage::ClosestHit,
            Self::AnyHit => Stage::AnyHit,
            Self::Intersection => Stage::Intersection,
        }
    }

    fn described(self) -> String {
        let name = stage_name(self.stage());
        let article = if name.starts_with(['a', 'i']) { "an" } else { "a" };
        format!("{article} {name} shader")
    }

    /// Its bit of `VkShaderStageFlags`.
    pub fn flag(self) -> u32 {
        match self {
            Self::Vertex => 0x1,
            Self::Fragment => 0x10,
            Self::Compute => 0x20,
            Self::RayGeneration => 0x100,
            Self::AnyHit => 0x200,
            Self::ClosestHit => 0x400,
            Self::Miss => 0x800,
            Self::Intersection => 0x1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn block_names_become_field_names() {
        assert_eq!(snake_case("CameraUniform"), "camera_uniform");
        assert_eq!(snake_case("camera"), "camera");
        assert_eq!(snake_case("Scene2Data"), "scene2_data");
    }
}
