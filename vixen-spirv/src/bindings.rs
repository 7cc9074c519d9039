//! The descriptors that a module declares.

use spirv::{Decoration, StorageClass};

use crate::{
    Access, Binding, Count, Descriptor, Dim, ImageFormat, ImageType, ReflectError,
    access::Usage,
    layout::{Layouts, unsupported},
    module::{Module, Variable},
    raw_type::RawType,
};

/// Every binding, sorted by set and binding.
pub fn reflect(module: &Module, layouts: &mut Layouts, usage: &Usage) -> Result<Vec<Binding>, ReflectError> {
    // What is bound in a way that came after this crate must not go missing in silence.
    if let Some(&id) = module.decorated(Decoration::Binding).iter().find(|id| !module.variables.contains_key(id)) {
        return Err(unsupported(&module.owner(id), "a binding that is declared in an unknown way"));
    }
    let mut found = Vec::new();
    for (&id, &variable) in &module.variables {
        let mut classes = [StorageClass::UniformConstant, StorageClass::Uniform, StorageClass::StorageBuffer].iter();
        if module.decoration(id, None, Decoration::Binding).is_some() {
            found.push((id, binding(module, layouts, usage, id, variable)?));
        } else if usage.mentions.contains(&id) && classes.any(|&class| variable.class == class as u32) {
            return Err(unsupported(&module.owner(id), "a descriptor that is used but has no binding"));
        }
    }
    found.sort_by(|(id, a), (other, b)| (a.set, a.binding, &a.name, id).cmp(&(b.set, b.binding, &b.name, other)));
    Ok(found.into_iter().map(|(_, binding)| binding).collect())
}

fn binding(
    module: &Module,
    layouts: &mut Layouts,
    usage: &Usage,
    id: u32,
    variable: Variable,
) -> Result<Binding, ReflectError> {
    let owner = module.owner(id);
    let pointee = module.pointee(variable)?;
    let (ty, count) = match module.ty(pointee)? {
        RawType::Array { element, length } => (element, Count::Array(layouts.length(&owner, length)?)),
        RawType::RuntimeArray { element } => (element, Count::Runtime),
        _ => (pointee, Count::One),
    };
    let descriptor = descriptor(module, layouts, &owner, variable.class, ty)?;
    let storage = matches!(
        descriptor,
        Descriptor::StorageBuffer(_) | Descriptor::StorageImage(_) | Descriptor::StorageTexelBuffer
    );
    let (block_name, members) = match &descriptor {
        Descriptor::UniformBuffer(block) | Descriptor::StorageBuffer(block) => {
            (block.name.clone(), block.members.len() as u32)
        }
        _ => (None, 0),
    };
    let everywhere = |decoration| {
        let mut all = (0..members).map(|member| module.decoration(ty, Some(member), decoration).is_some());
        module.decoration(id, None, decoration).is_some() || (members > 0 && all.all(|decorated| decorated))
    };
    Ok(Binding {
        set: module.decoration(id, None, Decoration::DescriptorSet).unwrap_or(0),
        binding: module.decoration(id, None, Decoration::Binding).unwrap_or(0),
        name: module.name(id, None),
        block_name,
        access: Access {
            readable: !everywhere(Decoration::NonReadable),
            writable: storage && !everywhere(Decoration::NonWritable),
            loads: usage.loads.contains(&id),
            // Vulkan has no store to any other descriptor, so what an unknown instruction does there is none.
            stores: storage && usage.stores.contains(&id),
        },
        descriptor,
        count,
        used: usage.mentions.contains(&id),
    })
}

fn descriptor(
    module: &Module,
    layouts: &mut Layouts,
    owner: &str,
    class: u32,
    id: u32,
) -> Result<Descriptor, ReflectError> {
    let uniform = class == StorageClass::Uniform as u32;
    // Before SPIR-V 1.3 a storage buffer was a uniform with another decoration.
    let storage = class == StorageClass::StorageBuffer as u32
        || (uniform && module.decoration(id, None, Decoration::BufferBlock).is_some());
    match module.ty(id)? {
        RawType::Struct { .. } if storage => Ok(Descriptor::StorageBuffer(layouts.block(owner, id)?)),
        RawType::Struct { .. } if uniform => Ok(Descriptor::UniformBuffer(layouts.block(owner, id)?)),
        ty @ RawType::Image { .. } => image(layouts, owner, ty, false),
        RawType::SampledImage { image: inner } => image(layouts, owner, module.ty(inner)?, true),
        RawType::Sampler => Ok(Descriptor::Sampler),
        RawType::AccelerationStructure => Ok(Descriptor::AccelerationStructure),
        _ => Err(unsupported(owner, "a binding of a type that is no Vulkan descriptor")),
    }
}

fn image(layouts: &Layouts, owner: &str, ty: RawType, combined: bool) -> Result<Descriptor, ReflectError> {
    let RawType::Image { scalar, dim, depth, arrayed, multisampled, sampled, format } = ty else {
        return Err(unsupported(owner, "a sampled image of what is no image"));
    };
    let storage = match sampled {
        1 => false,
        2 => true,
        _ => {
            return Err(unsupported(owner, "an image that does not say whether it is sampled or storage"));
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
    let depth = match depth {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    let image = ImageType { dim, arrayed, multisampled, depth, format: ImageFormat::from_spirv(format), scalar };
    Ok(match (combined, storage) {
        (true, _) => Descriptor::CombinedImageSampler(image),
        (false, true) => Descriptor::StorageImage(image),
        (false, false) => Descriptor::SampledImage(image),
    })
}
