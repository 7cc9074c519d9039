//! A stage's inputs and outputs: blocks taken apart into their members, each with its location.

use spirv::{Decoration, StorageClass};

use crate::{
    Interface, ReflectError, Scalar, Type,
    layout::Layouts,
    module::{EntryPoint, Module},
    raw_type::RawType,
};

/// The entry point's variables of `class` that have a location, sorted by it.
pub fn reflect(
    module: &Module,
    layouts: &mut Layouts,
    entry: &EntryPoint,
    class: StorageClass,
) -> Result<Vec<Interface>, ReflectError> {
    let mut found = Vec::new();
    for &id in entry.interface {
        let Some(&variable) = module.variables.get(&id) else {
            continue;
        };
        let built_in = module.decoration(id, None, Decoration::BuiltIn).is_some();
        if variable.class != class as u32 || built_in {
            continue;
        }
        let name = layouts.name(id, None)?;
        let owner = module.owner(id);
        let location = module.decoration(id, None, Decoration::Location);
        let component = module.decoration(id, None, Decoration::Component).unwrap_or(0);
        let pointee = module.pointee(variable)?;
        if let Some((block, members)) = block(module, pointee) {
            let mut next = location;
            for (member, &ty) in (0..).zip(members) {
                let decoration = |decoration| module.decoration(block, Some(member), decoration);
                if decoration(Decoration::BuiltIn).is_some() {
                    continue;
                }
                let Some(location) = decoration(Decoration::Location).or(next) else {
                    continue;
                };
                let ty = layouts.interface(&owner, ty)?;
                next = Some(location.saturating_add(locations(&ty)));
                let component = decoration(Decoration::Component).unwrap_or(0);
                found.push((component, Interface { location, name: layouts.name(block, Some(member))?, ty }));
            }
        } else if let Some(location) = location {
            found.push((component, Interface { location, name, ty: layouts.interface(&owner, pointee)? }));
        }
    }
    found.sort_by(|(component, a), (other, b)| (a.location, component, &a.name).cmp(&(b.location, other, &b.name)));
    Ok(found.into_iter().map(|(_, interface)| interface).collect())
}

/// The structure that a variable is, or is an array of where every vertex has its own.
fn block<'w>(module: &Module<'w>, ty: u32) -> Option<(u32, &'w [u32])> {
    let ty = match module.types.get(&ty)? {
        &RawType::Array { element, .. } => element,
        _ => ty,
    };
    match module.types.get(&ty)? {
        &RawType::Struct { members } => Some((ty, members)),
        _ => None,
    }
}

/// How many locations a type takes.
fn locations(ty: &Type) -> u32 {
    let vector = |scalar: Scalar, count: u32| {
        if scalar.size() == 8 && count > 2 { 2 } else { 1 }
    };
    match ty {
        Type::Scalar(_) | Type::Pointer | Type::RuntimeArray { .. } => 1,
        Type::Vector(scalar, count) => vector(*scalar, *count),
        Type::Matrix { scalar, columns, rows, .. } => columns.saturating_mul(vector(*scalar, *rows)),
        Type::Array { element, count, .. } => count.saturating_mul(locations(element)),
        Type::Struct(block) => {
            block.members.iter().fold(0, |sum: u32, member| sum.saturating_add(locations(&member.ty)))
        }
    }
}
