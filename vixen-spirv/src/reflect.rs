//! From a parsed module to the [`Shader`] of one entry point.

use spirv::{Decoration, ExecutionMode, ExecutionModel, StorageClass};

use crate::{
    PushConstants, ReflectError, Shader, SpecConstant, Stage,
    access::{self, Usage},
    bindings, interface,
    layout::{Layouts, unsupported},
    module::{EntryPoint, Module},
};

/// Reflects the entry point `name`, or the only one, or `main`.
pub fn shader(module: &Module, name: Option<&str>) -> Result<Shader, ReflectError> {
    let entry = entry_point(module, name)?;
    let usage = access::analyse(module, entry.function)?;
    let stage = stage(entry)?;
    let mut layouts = Layouts::new(module);
    let (local_size, local_size_ids) = match stage {
        Stage::Compute | Stage::Task | Stage::Mesh => local_size(module, &layouts, entry)?,
        _ => (None, [None; 3]),
    };
    Ok(Shader {
        stage,
        entry_point: entry.name.clone(),
        local_size,
        local_size_ids,
        bindings: bindings::reflect(module, &mut layouts, &usage)?,
        push_constants: push_constants(module, &mut layouts, &usage)?,
        spec_constants: spec_constants(module, &layouts)?,
        inputs: interface::reflect(module, &mut layouts, entry, StorageClass::Input)?,
        outputs: interface::reflect(module, &mut layouts, entry, StorageClass::Output)?,
        capabilities: module.capabilities.iter().copied().collect(),
    })
}

fn entry_point<'m, 'w>(module: &'m Module<'w>, name: Option<&str>) -> Result<&'m EntryPoint<'w>, ReflectError> {
    let all = || {
        let mut names: Vec<String> = module.entry_points.iter().map(|entry| entry.name.clone()).collect();
        names.sort();
        names
    };
    let wanted = match (name, module.entry_points.as_slice()) {
        (None, []) => return Err(ReflectError::NoEntryPoint),
        (None, [entry]) => return Ok(entry),
        (name, _) => name.unwrap_or("main"),
    };
    let mut matching = module.entry_points.iter().filter(|entry| entry.name == wanted);
    match (matching.next(), matching.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) if name.is_some() => Err(ReflectError::NoSuchEntryPoint { name: wanted.to_owned(), names: all() }),
        _ => Err(ReflectError::SeveralEntryPoints { names: all() }),
    }
}

fn stage(entry: &EntryPoint) -> Result<Stage, ReflectError> {
    Ok(match ExecutionModel::from_u32(entry.model) {
        Some(ExecutionModel::Vertex) => Stage::Vertex,
        Some(ExecutionModel::TessellationControl) => Stage::TessellationControl,
        Some(ExecutionModel::TessellationEvaluation) => Stage::TessellationEvaluation,
        Some(ExecutionModel::Geometry) => Stage::Geometry,
        Some(ExecutionModel::Fragment) => Stage::Fragment,
        Some(ExecutionModel::GLCompute) => Stage::Compute,
        Some(ExecutionModel::TaskNV | ExecutionModel::TaskEXT) => Stage::Task,
        Some(ExecutionModel::MeshNV | ExecutionModel::MeshEXT) => Stage::Mesh,
        Some(ExecutionModel::RayGenerationKHR) => Stage::RayGeneration,
        Some(ExecutionModel::IntersectionKHR) => Stage::Intersection,
        Some(ExecutionModel::AnyHitKHR) => Stage::AnyHit,
        Some(ExecutionModel::ClosestHitKHR) => Stage::ClosestHit,
        Some(ExecutionModel::MissKHR) => Stage::Miss,
        Some(ExecutionModel::CallableKHR) => Stage::Callable,
        Some(ExecutionModel::Kernel) | None => {
            return Err(ReflectError::UnsupportedStage { entry_point: entry.name.clone(), model: entry.model });
        }
    })
}

/// The sides of a workgroup, and the specialisation constants that they are.
type LocalSize = (Option<[u32; 3]>, [Option<u32>; 3]);

fn local_size(module: &Module, layouts: &Layouts, entry: &EntryPoint) -> Result<LocalSize, ReflectError> {
    let constants = |ids: &[u32]| -> Result<LocalSize, ReflectError> {
        let &[x, y, z] = ids else {
            return Err(unsupported("the workgroup size", "not three numbers"));
        };
        let value = |id| layouts.constant("the workgroup size", id);
        let constant = |id| module.decoration(id, None, Decoration::SpecId);
        Ok((Some([value(x)?, value(y)?, value(z)?]), [x, y, z].map(constant)))
    };
    if let Some(size) = module.workgroup_size {
        return constants(module.composites.get(&size).copied().unwrap_or_default());
    }
    for (function, mode) in &module.modes {
        match **mode {
            [mode, x, y, z] if *function == entry.function && mode == ExecutionMode::LocalSize as u32 => {
                return Ok((Some([x, y, z]), [None; 3]));
            }
            [mode, ref ids @ ..] if *function == entry.function && mode == ExecutionMode::LocalSizeId as u32 => {
                return constants(ids);
            }
            _ => {}
        }
    }
    Ok((None, [None; 3]))
}

/// The block that the entry point uses; an unused one only where the module has no other.
fn push_constants(
    module: &Module,
    layouts: &mut Layouts,
    usage: &Usage,
) -> Result<Option<PushConstants>, ReflectError> {
    let class = StorageClass::PushConstant as u32;
    let all: Vec<u32> = module.variables.iter().filter(|(_, it)| it.class == class).map(|(&id, _)| id).collect();
    let used: Vec<u32> = all.iter().copied().filter(|id| usage.mentions.contains(id)).collect();
    let (id, used) = match (used.as_slice(), all.as_slice()) {
        (&[id], _) => (id, true),
        ([], &[id]) => (id, false),
        ([], _) => return Ok(None),
        _ => {
            return Err(unsupported("push constants", "an entry point uses more than one block"));
        }
    };
    let block = layouts.block(&module.owner(id), module.pointee(module.variables[&id])?)?;
    Ok(Some(PushConstants { name: module.name(id, None), block, used }))
}

fn spec_constants(module: &Module, layouts: &Layouts) -> Result<Vec<SpecConstant>, ReflectError> {
    let mut found = Vec::new();
    for id in module.decorated(Decoration::SpecId) {
        let Some(constant) = module.constants.get(&id).filter(|constant| constant.specialised) else {
            continue;
        };
        let Some(spec_id) = module.decoration(id, None, Decoration::SpecId) else {
            continue;
        };
        let scalar = layouts.scalar(&module.owner(id), constant.ty)?;
        let is_length = layouts.is_length(spec_id);
        found.push(SpecConstant { id: spec_id, name: module.name(id, None), scalar, is_length });
    }
    // glslang writes a workgroup size's constant twice, once without a name.
    found.sort_by(|a, b| (a.id, a.scalar, a.name.is_none(), &a.name).cmp(&(b.id, b.scalar, b.name.is_none(), &b.name)));
    found.dedup_by_key(|it| (it.id, it.scalar));
    Ok(found)
}
