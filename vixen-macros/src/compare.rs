//! Compares one slot with its binding, as far as names and numbers tell.

use syn::{Expr, ExprLit, Lit};
use vixen_spirv::{Count, Descriptor};

use crate::errors::Errors;
use crate::model::{Shape, Slot};
use crate::shader::Merged;
use crate::words::{Effect, FieldKind};

/// Compares a slot with its binding; what is wrong is in `errors`, and the slot is marked as faulty.
pub fn compare(slot: &mut Slot, merged: &Merged, programs: usize, errors: &Errors) {
    if slot.faulty {
        return;
    }
    let problem = descriptor_problem(slot, merged)
        .or_else(|| sampler_problem(slot, merged))
        .or_else(|| count_problem(slot, merged))
        .or_else(|| access_problem(slot, merged, programs));
    if let Some(problem) = problem {
        errors.over(&slot.name, problem);
        slot.faulty = true;
    }
}

fn descriptor_problem(slot: &Slot, merged: &Merged) -> Option<String> {
    let (fits, right) = match merged.descriptor() {
        Descriptor::UniformBuffer(_) => (slot.kind == FieldKind::Uniform, "#[uniform]"),
        Descriptor::StorageBuffer(_) | Descriptor::StorageImage(_) => (slot.kind == FieldKind::Storage, "#[storage]"),
        Descriptor::SampledImage(_) => (slot.kind == FieldKind::Sampled, "#[sampled]"),
        Descriptor::CombinedImageSampler(_) => (slot.kind == FieldKind::Sampled, "#[sampled(linear)]"),
        Descriptor::Sampler => (false, "#[sampler(linear)]"),
        Descriptor::AccelerationStructure => {
            (slot.kind == FieldKind::AccelerationStructure, "#[acceleration_structure]")
        }
        Descriptor::InputAttachment | Descriptor::UniformTexelBuffer | Descriptor::StorageTexelBuffer => {
            return Some(format!("the shader's {} is not supported", merged.described()));
        }
    };
    if let Descriptor::SampledImage(image) | Descriptor::StorageImage(image) | Descriptor::CombinedImageSampler(image) =
        merged.descriptor()
    {
        if image.multisampled {
            return Some(format!("the shader's {} is multisampled, which is not supported", merged.described()));
        }
        if dimension(image).is_none() {
            return Some(format!("the shader's {} has a dimension that is not supported", merged.described()));
        }
    }
    (!fits).then(|| {
        format!("the slot is `{}`, and the shader's is {}; use `{right}`", slot.attribute(), merged.described())
    })
}

/// The name of an image's `Dimension`.
pub fn dimension(image: &vixen_spirv::ImageType) -> Option<&'static str> {
    use vixen_spirv::Dim;
    match (image.dim, image.arrayed) {
        (Dim::D2, false) => Some("D2"),
        (Dim::D2, true) => Some("D2Array"),
        (Dim::D3, false) => Some("D3"),
        (Dim::Cube, false) => Some("Cube"),
        _ => None,
    }
}

fn sampler_problem(slot: &Slot, merged: &Merged) -> Option<String> {
    match (merged.descriptor(), slot.sampler) {
        (Descriptor::CombinedImageSampler(_), None) => Some(format!(
            "the shader's {} comes with its sampler: say how it samples, such as `#[sampled(linear, clamp)]`",
            merged.described(),
        )),
        (Descriptor::SampledImage(_), Some(_)) => Some(format!(
            "the shader's {} has a sampler elsewhere: write `#[sampled]`, and the filter on a `#[sampler(..)]` field",
            merged.described(),
        )),
        (Descriptor::CombinedImageSampler(image), Some(sampler)) => match (image.depth, sampler.compare) {
            (Some(true), None) => Some(format!(
                "the shader's {} compares what it samples: say how, such as `#[sampled(linear, clamp, compare = less)]`",
                merged.described(),
            )),
            (Some(false), Some(_)) => Some(format!(
                "the shader's {} does not compare what it samples: make it a shadow sampler there, or remove `compare`",
                merged.described(),
            )),
            _ => None,
        },
        _ => None,
    }
}

fn count_problem(slot: &Slot, merged: &Merged) -> Option<String> {
    let wanted = match (&slot.shape, merged.count) {
        (Shape::One | Shape::Optional, Count::One | Count::Array(1)) => return None,
        (Shape::Array(Expr::Lit(ExprLit { lit: Lit::Int(length), .. })), count) => {
            let length: u32 = length.base10_parse().unwrap_or(0);
            match count {
                Count::Array(count) if count == length => return None,
                Count::One if length == 1 => return None,
                Count::Array(count) => format!("`[..; {count}]`"),
                Count::One => "no array".into(),
                Count::Runtime => "a `Vec<..>` with `max = ..`".into(),
            }
        }
        // A length that is an expression is compared in const evaluation.
        (Shape::Array(_), Count::Array(_)) => return None,
        (Shape::Runtime(_), Count::Runtime) => return None,
        (Shape::Runtime(max), Count::Array(count)) if *max <= count => return None,
        (Shape::Runtime(_), Count::Array(count)) => format!("`max = {count}` at most"),
        (_, Count::One) => "no array and no `Vec`".into(),
        (_, Count::Array(count)) => format!("`[..; {count}]`"),
        (_, Count::Runtime) => "a `Vec<..>` with `max = ..`".into(),
    };
    Some(format!("the shader's is {}; the slot must be {wanted}", merged.described()))
}

fn access_problem(slot: &Slot, merged: &Merged, programs: usize) -> Option<String> {
    let (name, file) = (merged.name(), merged.file.value());
    let storage = matches!(merged.descriptor(), Descriptor::StorageBuffer(_) | Descriptor::StorageImage(_));
    match slot.effect {
        _ if !storage => None,
        Effect::Read if merged.access.writable && merged.access.stores => {
            let right = if merged.access.loads { Effect::ReadWrite } else { Effect::Write };
            Some(format!(
                "the slot only reads, but `{file}` may store to `{name}`: add `readonly` to it there, or write `#[{}({right})]`",
                slot.kind,
            ))
        }
        Effect::Read => None,
        _ if !merged.access.writable => Some(format!(
            "the slot writes, but `{name}` is `readonly` in `{file}`: remove `readonly` there, or write `#[storage]`"
        )),
        _ if !merged.access.stores => Some(format!(
            "the slot writes, but `{file}` never stores to `{name}`: write `#[storage]` if it is only read"
        )),
        // With several pipelines an earlier one may have written what a later one reads.
        Effect::Write | Effect::Create if merged.access.loads && programs == 1 => Some(format!(
            "the contents of a `{}` slot are undefined before the node runs, but `{file}` reads `{name}`: add `writeonly` to it there, or write `#[{}(read_write)]`",
            slot.effect, slot.kind,
        )),
        _ => None,
    }
}
