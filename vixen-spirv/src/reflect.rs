//! From a parsed module to the [`Shader`] of one entry point.

use spirv::{Decoration, ExecutionMode, ExecutionModel, StorageClass};

use crate::{
    Access, Binding, Count, Descriptor, Dim, ImageFormat, ImageType, PushConstants, ReflectError,
    Shader, SpecConstant, Stage,
    access::{self, Usage},
    interface,
    layout::{Layouts, unsupported},
    module::{EntryPoint, Module, RawType, Variable},
};

/// Reflects the entry point `name`, or the only one, or `main`.
pub fn shader(module: &Module, name: Option<&str>) -> Result<Shader, ReflectError> {
    let entry = entry_point(module, name)?;
    let usage = access::analyse(module, entry.function)?;
    let stage = stage(entry)?;
    let mut layouts = Layouts::new(module);
    Ok(Shader {
        stage,
        entry_point: entry.name.clone(),
        local_size: match stage {
            Stage::Compute | Stage::Task | Stage::Mesh => local_size(module, &layouts, entry)?,
            _ => None,
        },
        bindings: bindings(module, &mut layouts, &usage)?,
        push_constants: push_constants(module, &mut layouts, &usage)?,
        spec_constants: spec_constants(module, &layouts)?,
        inputs: interface::reflect(module, &mut layouts, entry, StorageClass::Input)?,
        outputs: interface::reflect(module, &mut layouts, entry, StorageClass::Output)?,
        capabilities: module.capabilities.iter().copied().collect(),
    })
}

fn entry_point<'m, 'w>(
    module: &'m Module<'w>,
    name: Option<&str>,
) -> Result<&'m EntryPoint<'w>, ReflectError> {
    let all = || {
        let mut names: Vec<String> = module
            .entry_points
            .iter()
            .map(|entry| entry.name.clone())
            .collect();
        names.sort();
        names
    };
    let wanted = match (name, module.entry_points.as_slice()) {
        (None, []) => return Err(ReflectError::NoEntryPoint),
        (None, [entry]) => return Ok(entry),
        (name, _) => name.unwrap_or("main"),
    };
    let mut matching = module
        .entry_points
        .iter()
        .filter(|entry| entry.name == wanted);
    match (matching.next(), matching.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) if name.is_some() => Err(ReflectError::NoSuchEntryPoint {
            name: wanted.to_owned(),
            names: all(),
        }),
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
            return Err(ReflectError::UnsupportedStage {
                entry_point: entry.name.clone(),
                model: entry.model,
            });
        }
    })
}

fn local_size(
    module: &Module,
    layouts: &Layouts,
    entry: &EntryPoint,
) -> Result<Option<[u32; 3]>, ReflectError> {
    let constants = |ids: &[u32]| -> Result<Option<[u32; 3]>, ReflectError> {
        let &[x, y, z] = ids else {
            return Err(unsupported("the workgroup size", "not three numbers"));
        };
        let value = |id| layouts.constant("the workgroup size", id);
        Ok(Some([value(x)?, value(y)?, value(z)?]))
    };
    if let Some(size) = module.workgroup_size {
        return constants(module.composites.get(&size).copied().unwrap_or_default());
    }
    for (function, mode) in &module.modes {
        match **mode {
            [mode, x, y, z]
                if *function == entry.function && mode == ExecutionMode::LocalSize as u32 =>
            {
                return Ok(Some([x, y, z]));
            }
            [mode, ref ids @ ..]
                if *function == entry.function && mode == ExecutionMode::LocalSizeId as u32 =>
            {
                return constants(ids);
            }
            _ => {}
        }
    }
    Ok(None)
}

fn bindings(
    module: &Module,
    layouts: &mut Layouts,
    usage: &Usage,
) -> Result<Vec<Binding>, ReflectError> {
    // What is bound in a way that came after this crate must not go missing in silence.
    if let Some(&id) = module
        .decorated(Decoration::Binding)
        .iter()
        .find(|id| !module.variables.contains_key(id))
    {
        return Err(unsupported(
            &owner(module, id),
            "a binding that is declared in an unknown way",
        ));
    }
    let mut found = Vec::new();
    for (&id, &variable) in &module.variables {
        let binding = module.decoration(id, None, Decoration::Binding);
        let set = module.decoration(id, None, Decoration::DescriptorSet);
        let in_descriptor = [
            StorageClass::UniformConstant,
            StorageClass::Uniform,
            StorageClass::StorageBuffer,
        ]
        .iter()
        .any(|&class| variable.class == class as u32);
        match binding {
            Some(binding) => found.push((
                id,
                reflect_binding(
                    module,
                    layouts,
                    usage,
                    id,
                    variable,
                    (set.unwrap_or(0), binding),
                )?,
            )),
            None if in_descriptor && usage.mentions.contains(&id) => {
                return Err(unsupported(
                    &owner(module, id),
                    "a descriptor that is used but has no binding",
                ));
            }
            None => {}
        }
    }
    found.sort_by(|(id, a), (other, b)| {
        (a.set, a.binding, &a.name, id).cmp(&(b.set, b.binding, &b.name, other))
    });
    Ok(found.into_iter().map(|(_, binding)| binding).collect())
}

fn reflect_binding(
    module: &Module,
    layouts: &mut Layouts,
    usage: &Usage,
    id: u32,
    variable: Variable,
    (set, binding): (u32, u32),
) -> Result<Binding, ReflectError> {
    let owner = owner(module, id);
    let (ty, count) = peel_arrays(module, layouts, &owner, module.pointee(variable)?)?;
    let descriptor = descriptor(module, layouts, &owner, variable.class, ty)?;
    let everywhere = |decoration| {
        let members = match module.types.get(&ty) {
            Some(RawType::Struct { members }) => members.len() as u32,
            _ => 0,
        };
        let mut all =
            (0..members).map(|member| module.decoration(ty, Some(member), decoration).is_some());
        module.decoration(id, None, decoration).is_some()
            || (members > 0 && all.all(|decorated| decorated))
    };
    let storage = matches!(
        descriptor,
        Descriptor::StorageBuffer(_) | Descriptor::StorageImage(_) | Descriptor::StorageTexelBuffer
    );
    let access = Access {
        readable: !everywhere(Decoration::NonReadable),
        writable: storage && !everywhere(Decoration::NonWritable),
        loads: usage.loads.contains(&id),
        // Vulkan has no store to any other descriptor, so what an unknown instruction does there is none.
        stores: storage && usage.stores.contains(&id),
    };
    let block_name = match &descriptor {
        Descriptor::UniformBuffer(block) | Descriptor::StorageBuffer(block) => block.name.clone(),
        _ => None,
    };
    let name = module.name(id, None);
    Ok(Binding {
        set,
        binding,
        name,
        block_name,
        descriptor,
        count,
        access,
        used: usage.mentions.contains(&id),
    })
}

fn peel_arrays(
    module: &Module,
    layouts: &Layouts,
    owner: &str,
    mut ty: u32,
) -> Result<(u32, Count), ReflectError> {
    let mut count = Count::One;
    // Vulkan knows one level; the bound is for types that contain themselves.
    for _ in 0..8 {
        (ty, count) = match (module.types.get(&ty), count) {
            (Some(&RawType::Array { element, length }), Count::One) => {
                (element, Count::Array(layouts.constant(owner, length)?))
            }
            (Some(&RawType::Array { element, length }), Count::Array(outer)) => {
                let total = outer.checked_mul(layouts.constant(owner, length)?);
                (
                    element,
                    Count::Array(total.ok_or(unsupported(
                        owner,
                        "more descriptors than 32 bits can count",
                    ))?),
                )
            }
            (Some(&RawType::RuntimeArray { element }), Count::One) => (element, Count::Runtime),
            _ => return Ok((ty, count)),
        };
    }
    Err(ReflectError::TooComplex)
}

fn descriptor(
    module: &Module,
    layouts: &mut Layouts,
    owner: &str,
    class: u32,
    id: u32,
) -> Result<Descriptor, ReflectError> {
    let raw = *module.types.get(&id).ok_or(ReflectError::BadId {
        id,
        expected: "a type",
    })?;
    let is = |wanted: StorageClass| class == wanted as u32;
    let storage_block = module
        .decoration(id, None, Decoration::BufferBlock)
        .is_some();
    match raw {
        RawType::Struct { .. }
            if is(StorageClass::StorageBuffer) || (is(StorageClass::Uniform) && storage_block) =>
        {
            Ok(Descriptor::StorageBuffer(layouts.block(owner, id)?))
        }
        RawType::Struct { .. } if is(StorageClass::Uniform) => {
            Ok(Descriptor::UniformBuffer(layouts.block(owner, id)?))
        }
        RawType::Image { .. } => image(layouts, owner, raw, false),
        RawType::SampledImage { image: inner } => {
            let inner = module.types.get(&inner).ok_or(ReflectError::BadId {
                id: inner,
                expected: "an image type",
            })?;
            image(layouts, owner, *inner, true)
        }
        RawType::Sampler => Ok(Descriptor::Sampler),
        RawType::AccelerationStructure => Ok(Descriptor::AccelerationStructure),
        _ => Err(unsupported(
            owner,
            "a binding of a type that is no Vulkan descriptor",
        )),
    }
}

fn image(
    layouts: &Layouts,
    owner: &str,
    ty: RawType,
    combined: bool,
) -> Result<Descriptor, ReflectError> {
    let RawType::Image {
        scalar,
        dim,
        arrayed,
        multisampled,
        sampled,
        format,
    } = ty
    else {
        return Err(unsupported(owner, "a sampled image of what is no image"));
    };
    let storage = match sampled {
        1 => false,
        2 => true,
        _ => {
            return Err(unsupported(
                owner,
                "an image that does not say whether it is sampled or storage",
            ));
        }
    };
    let dim = match spirv::Dim::from_u32(dim) {
        Some(spirv::Dim::Dim1D) => Dim::D1,
        Some(spirv::Dim::Dim2D) => Dim::D2,
        Some(spirv::Dim::Dim3D) => Dim::D3,
        Some(spirv::Dim::DimCube) => Dim::Cube,
        Some(spirv::Dim::DimRect) => Dim::Rect,
        Some(spirv::Dim::DimBuffer) if storage => return Ok(Descriptor::StorageTexelBuffer),
        Some(spirv::Dim::DimBuffer) => return Ok(Descriptor::UniformTexelBuffer),
        Some(spirv::Dim::DimSubpassData) => return Ok(Descriptor::InputAttachment),
        _ => return Err(unsupported(owner, "an image of unknown dimensions")),
    };
    let scalar = layouts.scalar(owner, scalar)?;
    let image = ImageType {
        dim,
        arrayed,
        multisampled,
        format: ImageFormat::from_spirv(format),
        scalar,
    };
    Ok(match (combined, storage) {
        (true, _) => Descriptor::CombinedImageSampler(image),
        (false, true) => Descriptor::StorageImage(image),
        (false, false) => Descriptor::SampledImage(image),
    })
}

/// The block that the entry point uses; an unused one only where the module has no other.
fn push_constants(
    module: &Module,
    layouts: &mut Layouts,
    usage: &Usage,
) -> Result<Option<PushConstants>, ReflectError> {
    let class = StorageClass::PushConstant as u32;
    let all: Vec<u32> = module
        .variables
        .iter()
        .filter(|(_, it)| it.class == class)
        .map(|(&id, _)| id)
        .collect();
    let used: Vec<u32> = all
        .iter()
        .copied()
        .filter(|id| usage.mentions.contains(id))
        .collect();
    let (id, used) = match (used.as_slice(), all.as_slice()) {
        (&[id], _) => (id, true),
        ([], &[id]) => (id, false),
        ([], _) => return Ok(None),
        _ => {
            return Err(unsupported(
                "push constants",
                "an entry point uses more than one block",
            ));
        }
    };
    let block = layouts.block(&owner(module, id), module.pointee(module.variables[&id])?)?;
    Ok(Some(PushConstants {
        name: module.name(id, None),
        block,
        used,
    }))
}

fn spec_constants(module: &Module, layouts: &Layouts) -> Result<Vec<SpecConstant>, ReflectError> {
    let mut found = Vec::new();
    for id in module.decorated(Decoration::SpecId) {
        let Some(constant) = module
            .constants
            .get(&id)
            .filter(|constant| constant.specialised)
        else {
            continue;
        };
        let Some(spec_id) = module.decoration(id, None, Decoration::SpecId) else {
            continue;
        };
        let scalar = layouts.scalar(&owner(module, id), constant.ty)?;
        found.push(SpecConstant {
            id: spec_id,
            name: module.name(id, None),
            scalar,
        });
    }
    // glslang writes a workgroup size's constant twice, once without a name.
    found.sort_by(|a, b| {
        (a.id, a.scalar, a.name.is_none(), &a.name).cmp(&(
            b.id,
            b.scalar,
            b.name.is_none(),
            &b.name,
        ))
    });
    found.dedup_by_key(|it| (it.id, it.scalar));
    Ok(found)
}

/// What a variable is called in an error.
fn owner(module: &Module, id: u32) -> String {
    let place = module
        .decoration(id, None, Decoration::Binding)
        .map(|binding| {
            let set = module
                .decoration(id, None, Decoration::DescriptorSet)
                .unwrap_or(0);
            format!(" (set {set}, binding {binding})")
        });
    let name = module
        .name(id, None)
        .map_or_else(|| format!("%{id}"), |name| format!("`{name}`"));
    name + &place.unwrap_or_default()
}
