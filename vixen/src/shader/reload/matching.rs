//! Whether a module still fits a node: it is compared with the one that `#[node]` checked against the node's slots.

use vixen_spirv::{Binding, Block, Descriptor, Interface, Member, Shader, Type};

use crate::graph::{NodeDeclaration, SlotEffect, SlotKind};
use crate::shader::ShaderStage;

/// The shader of a node, and what `#[node]` found in it.
pub(crate) struct Expected<'a> {
    pub node: &'a NodeDeclaration,
    pub stage: &'a ShaderStage,
    pub shader: &'a Shader,
}

/// The first thing in which a new module differs from what the node was built for, as the end of a sentence.
pub(crate) fn mismatch(expected: &Expected<'_>, found: &Shader) -> Option<String> {
    let before = expected.shader;
    if found.stage != before.stage {
        return Some(format!("it is a {:?} shader now, and was a {:?} shader", found.stage, before.stage));
    }
    let added = found.bindings.iter().find_map(|binding| binding_problem(expected, binding));
    let kept = |binding: &&Binding| found.bindings.iter().any(|other| place(other) == place(binding));
    let removed = before.bindings.iter().filter(|binding| slot_at(expected.node, binding).is_some());
    let removed = removed.filter(|binding| !kept(binding)).map(|binding| {
        format!(
            "it no longer binds {}, which is a slot of the node; bind it, or remove the slot and build again",
            named(binding)
        )
    });
    added
        .or(removed.into_iter().next())
        .or_else(|| push_problem(before, found))
        .or_else(|| spec_problem(expected.stage, before, found))
        .or_else(|| interface_problem("input", &before.inputs, &found.inputs))
        .or_else(|| interface_problem("output", &before.outputs, &found.outputs))
}

fn binding_problem(expected: &Expected<'_>, binding: &Binding) -> Option<String> {
    let before: Vec<&Binding> =
        expected.shader.bindings.iter().filter(|other| place(other) == place(binding)).collect();
    let name = named(binding);
    if before.is_empty() {
        // What no function mentions needs no descriptor.
        return binding
            .used
            .then(|| format!("it binds {name}, for which the node has no slot; add one and build again"));
    }
    if before.iter().any(|before| before.count == binding.count && fits(&before.descriptor, &binding.descriptor)) {
        return access_problem(expected, before[0], binding);
    }
    let difference = before.iter().find_map(|before| match (&before.descriptor, &binding.descriptor) {
        (Descriptor::UniformBuffer(before), Descriptor::UniformBuffer(after))
        | (Descriptor::StorageBuffer(before), Descriptor::StorageBuffer(after)) => block_difference(before, after),
        _ => None,
    });
    Some(match difference {
        Some(difference) => {
            format!("the block {name} has another layout: {difference}; change it in Rust too and build again")
        }
        None => format!("{name} is bound as something else than its slot; change the slot and build again"),
    })
}

/// What a slot does not allow. What the module did before fits the slot.
fn access_problem(expected: &Expected<'_>, before: &Binding, after: &Binding) -> Option<String> {
    let slot = slot_at(expected.node, after)?;
    if slot.kind != SlotKind::Storage {
        return None;
    }
    let (name, slot_name) = (named(after), slot.name);
    let (was, is) = (before.access, after.access);
    let alone = expected.node.programs.len() == 1;
    match slot.effect {
        SlotEffect::Read if is.writable && is.stores => {
            Some(format!("it may store to {name}, and the slot `{slot_name}` only reads; add `readonly` to it"))
        }
        SlotEffect::Read => None,
        _ if was.stores && !is.stores => {
            Some(format!("it never stores to {name}, which the slot `{slot_name}` is to write"))
        }
        SlotEffect::Write | SlotEffect::Create if alone && is.loads && !was.loads => Some(format!(
            "it reads {name}, whose contents are undefined before the node runs; make the slot `{slot_name}` `read_write` and build again"
        )),
        _ => None,
    }
}

fn push_problem(before: &Shader, found: &Shader) -> Option<String> {
    let after = found.push_constants.as_ref().filter(|push| push.used)?;
    let Some(before) = &before.push_constants else {
        return Some("it has push constants, and the node has none for it; add them and build again".to_owned());
    };
    let difference = block_difference(&before.block, &after.block)?;
    Some(format!("its push constants have another layout: {difference}; change them in Rust too and build again"))
}

fn spec_problem(stage: &ShaderStage, before: &Shader, found: &Shader) -> Option<String> {
    let scalar = |shader: &Shader, id| {
        shader.spec_constants.iter().find(|constant| constant.id == id).map(|constant| constant.scalar)
    };
    let changed = stage.spec.iter().find(|constant| scalar(before, constant.id) != scalar(found, constant.id))?;
    Some(format!(
        "its specialisation constant {} is gone or of another type, and a field of the node fills it",
        changed.id
    ))
}

fn interface_problem(what: &str, before: &[Interface], found: &[Interface]) -> Option<String> {
    let differs = |one: &&Interface, others: &[Interface]| {
        !others.iter().any(|other| other.location == one.location && other.ty == one.ty)
    };
    let one =
        found.iter().find(|one| differs(one, before)).or_else(|| before.iter().find(|one| differs(one, found)))?;
    let name = one.name.as_deref().unwrap_or("(unnamed)");
    Some(format!("its {what} `{name}` at location {} is not what it was; build the program again", one.location))
}

fn fits(before: &Descriptor, after: &Descriptor) -> bool {
    match (before, after) {
        (Descriptor::UniformBuffer(before), Descriptor::UniformBuffer(after))
        | (Descriptor::StorageBuffer(before), Descriptor::StorageBuffer(after)) => {
            block_difference(before, after).is_none()
        }
        _ => before == after,
    }
}

/// The first member that differs. A module that is stripped of names is compared by offsets.
fn block_difference(before: &Block, after: &Block) -> Option<String> {
    let name = |member: &Member| member.name.clone().unwrap_or_else(|| format!("(at offset {})", member.offset));
    for (one, other) in before.members.iter().zip(&after.members) {
        let renamed = one.name.is_some() && other.name.is_some() && one.name != other.name;
        if renamed || one.offset != other.offset || type_differs(&one.ty, &other.ty) {
            return Some(format!(
                "where `{}` was at offset {}, there is `{}` at offset {}",
                name(one),
                one.offset,
                name(other),
                other.offset,
            ));
        }
    }
    let count = before.members.len().min(after.members.len());
    let more = before.members.get(count).map(|member| (member, "is gone"));
    let (member, what) = more.or_else(|| Some((after.members.get(count)?, "is new")))?;
    Some(format!("member `{}` {what}", name(member)))
}

fn type_differs(before: &Type, after: &Type) -> bool {
    match (before, after) {
        (Type::Struct(before), Type::Struct(after)) => block_difference(before, after).is_some(),
        (
            Type::Array { element, count, stride },
            Type::Array { element: other, count: other_count, stride: other_stride },
        ) => (count, stride) != (other_count, other_stride) || type_differs(element, other),
        (Type::RuntimeArray { element, stride }, Type::RuntimeArray { element: other, stride: other_stride }) => {
            stride != other_stride || type_differs(element, other)
        }
        _ => before != after,
    }
}

fn place(binding: &Binding) -> (u32, u32) {
    (binding.set, binding.binding)
}

fn slot_at<'a>(node: &'a NodeDeclaration, binding: &Binding) -> Option<&'a crate::graph::SlotDeclaration> {
    node.slots.iter().find(|slot| slot.binding.is_some_and(|at| (at.set, at.binding) == place(binding)))
}

fn named(binding: &Binding) -> String {
    let name = binding.name.as_deref().or(binding.block_name.as_deref()).filter(|name| !name.is_empty());
    let name = name.unwrap_or("(unnamed)");
    format!("`{name}` (set {}, binding {})", binding.set, binding.binding)
}
