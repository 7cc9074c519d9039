//! Compares the slots of a node with its shaders, as far as names tell; what needs types is left to const evaluation.

use vixen_spirv::Descriptor;

use crate::args::Role as StageRole;
use crate::compare::compare;
use crate::errors::{Errors, one_of, similar};
use crate::model::{Location, Node, Role, Slot, plain_name};
use crate::shader::{Merged, Shaders};
use crate::words::{FieldKind, Kind};

/// What was found for each slot.
pub struct Matches {
    /// Index of the binding of each slot.
    pub slots: Vec<Option<usize>>,
    /// Index of the binding of each sampler.
    pub samplers: Vec<Option<usize>>,
    /// Id, type and byte offset of the specialisation constant of each plain field.
    pub spec: Vec<Option<SpecMatch>>,
    /// Bytes of all specialisation constants.
    pub spec_bytes: u32,
}

/// The specialisation constant that a field fills.
#[derive(Clone, Copy)]
pub struct SpecMatch {
    pub id: u32,
    pub scalar: vixen_spirv::Scalar,
    pub offset: u32,
}

/// Compares everything; what is wrong is in `errors`, and the slots concerned are marked as faulty.
pub fn check(node: &mut Node, shaders: &Shaders, errors: &Errors) -> Matches {
    let whole = check_programs(node, shaders, errors);
    let comparable = whole && shaders.complete && !shaders.programs.is_empty();
    // A struct without named fields has no slots, which has been reported.
    let mut unmatched = !comparable || node.order.is_empty() && !errors.is_empty();
    let mut taken = vec![false; shaders.bindings.len()];
    let mut slots = Vec::new();
    for slot in &mut node.slots {
        let mut found = None;
        unmatched |= slot.faulty;
        if slot.kind.is_bound() && comparable && !slot.faulty {
            found = find(&slot.name, slot.at, &slot.attribute(), shaders, errors);
            unmatched |= found.is_none();
            slot.faulty |= found.is_none();
        }
        if let Some(index) = found {
            if std::mem::replace(&mut taken[index], true) {
                let message =
                    format!("another slot is bound to the shader's {} already", shaders.bindings[index].described());
                errors.over(&slot.name, message);
                slot.faulty = true;
            }
            compare(slot, &shaders.bindings[index], shaders.programs.len(), errors);
        }
        slots.push(found);
    }
    let mut samplers = Vec::new();
    for sampler in &node.samplers {
        let mut found = None;
        if comparable {
            found = find(&sampler.name, sampler.at, "#[sampler]", shaders, errors);
            unmatched |= found.is_none();
        }
        if let Some(index) = found {
            taken[index] = true;
            let merged = &shaders.bindings[index];
            if !matches!(merged.descriptor(), Descriptor::Sampler) {
                errors.over(&sampler.name, format!("`#[sampler]` does not fit the shader's {}", merged.described()));
            }
        }
        samplers.push(found);
    }
    // A slot that found no binding has listed the shader's already: a binding without a slot is the same mistake.
    if !unmatched {
        for (merged, _) in shaders.bindings.iter().zip(&taken).filter(|(merged, taken)| merged.used && !**taken) {
            let message = format!("the shader's {} has no slot; add `{}`", merged.described(), slot_for(merged));
            errors.over(&merged.file, message);
        }
    }
    if comparable {
        check_push(node, shaders, errors);
        check_attachments(node, shaders, errors);
        check_vertex_inputs(node, shaders, errors);
    }
    let (spec, spec_bytes) = match_spec(node, shaders, errors);
    Matches { slots, samplers, spec, spec_bytes }
}

/// Whether every pipeline has the shader that its kind cannot do without, once.
fn check_programs(node: &Node, shaders: &Shaders, errors: &Errors) -> bool {
    let needed = match node.args.kind {
        Kind::Compute => (StageRole::Compute, "`shader = \"..\"`"),
        Kind::Graphics => (StageRole::Vertex, "`vertex = \"..\"`"),
        Kind::RayTracing => (StageRole::RayGeneration, "`raygen = \"..\"`"),
        Kind::Transfer | Kind::Host => return true,
    };
    if !shaders.complete {
        return false;
    }
    let kind = node.args.kind.described();
    if shaders.programs.is_empty() {
        errors.at(proc_macro2::Span::call_site(), format!("{kind} needs a shader: {}", needed.1));
    }
    let mut whole = true;
    let attached = |kind| node.slots.iter().find(|slot| slot.kind == kind);
    for program in &shaders.programs {
        if program.args.depth_compare.is_some() && attached(FieldKind::Depth).is_none() {
            let message =
                "there is no depth to compare with; add a slot `#[depth] depth: Image<..>`, or remove `depth_compare`";
            errors.at(proc_macro2::Span::call_site(), message);
        }
        let count = program.stages.iter().filter(|stage| stage.role == needed.0).count();
        if count != 1 {
            whole = false;
            let message = format!(
                "every pipeline of {kind} has exactly one {}; several pipelines are `pipeline(name = \"..\", ..)` each",
                needed.1
            );
            match program.stages.last() {
                Some(stage) => errors.over(&stage.file, message),
                None => errors.at(proc_macro2::Span::call_site(), message),
            }
        }
    }
    whole
}

/// The binding that a field means: the one at its place, or the one of its name.
fn find(name: &syn::Ident, at: Option<Location>, attribute: &str, shaders: &Shaders, errors: &Errors) -> Option<usize> {
    let named = plain_name(name);
    let named = named.as_str();
    let found: Vec<usize> = (0..shaders.bindings.len())
        .filter(|&index| {
            let merged = &shaders.bindings[index];
            match at {
                Some(at) => (merged.set, merged.binding) == (at.set, at.binding),
                None => merged.answers_to(named),
            }
        })
        .collect();
    match found.as_slice() {
        [only] => Some(*only),
        [] => {
            errors.over(name, no_binding(named, at, attribute, shaders));
            None
        }
        several => {
            // An instance name is a better match than a block's name.
            let exact: Vec<usize> =
                several.iter().copied().filter(|&index| shaders.bindings[index].name() == named).collect();
            if let [only] = exact.as_slice() {
                return Some(*only);
            }
            let places: Vec<String> = several.iter().map(|&index| shaders.bindings[index].described()).collect();
            let message = format!(
                "several bindings are called `{named}`: {}; rename one, or say which: `set = 0, binding = 0`",
                places.join(" and "),
            );
            errors.over(name, message);
            None
        }
    }
}

fn no_binding(name: &str, at: Option<Location>, attribute: &str, shaders: &Shaders) -> String {
    let files: Vec<String> = shaders.modules().map(|module| module.file.value()).collect();
    let mut message = match at {
        Some(at) => format!("{} has nothing at set {}, binding {}", one_of(files), at.set, at.binding),
        None => format!("{} has no binding `{name}` for this `{attribute}` slot", one_of(files)),
    };
    if shaders.bindings.is_empty() {
        message.push_str("; it binds nothing at all");
        return message;
    }
    let all: Vec<String> = shaders.bindings.iter().map(Merged::described).collect();
    message.push_str(&format!("; it binds {}", all.join(", ")));
    let names = shaders.bindings.iter().flat_map(|merged| merged.names.iter().map(String::as_str));
    if shaders.bindings.iter().all(|merged| merged.names.is_empty()) {
        message.push_str("; the module is stripped of its names: say `set = .., binding = ..`");
    } else if let (None, Some(similar)) = (at, similar(name, names)) {
        message.push_str(&format!("; did you mean `{similar}`?"));
    }
    message
}

/// What a user would write for a binding that has no slot.
fn slot_for(merged: &Merged) -> String {
    let name = crate::shader::snake_case(merged.names.first().map_or("slot", String::as_str));
    let place = if merged.names.is_empty() {
        format!("set = {}, binding = {}", merged.set, merged.binding)
    } else {
        String::new()
    };
    let with = |word: &str, ty: &str| {
        if place.is_empty() { format!("#[{word}] {name}: {ty}") } else { format!("#[{word}({place})] {name}: {ty}") }
    };
    match merged.descriptor() {
        Descriptor::UniformBuffer(_) => with("uniform", "Buffer<..>"),
        Descriptor::StorageBuffer(_) => with("storage", "Buffer<..>"),
        Descriptor::StorageImage(_) => with("storage", "Image<..>"),
        Descriptor::SampledImage(_) => with("sampled", "Image<..>"),
        Descriptor::CombinedImageSampler(_) => format!("#[sampled(linear)] {name}: Image<..>"),
        Descriptor::Sampler => format!("#[sampler(linear)] {name}: Sampler"),
        Descriptor::AccelerationStructure => with("acceleration_structure", "AccelerationStructure"),
        Descriptor::InputAttachment | Descriptor::UniformTexelBuffer | Descriptor::StorageTexelBuffer => {
            "another kind of binding: this one is not supported".into()
        }
    }
}

fn check_push(node: &Node, shaders: &Shaders, errors: &Errors) {
    let block = shaders.modules().find(|module| match &module.shader.push_constants {
        // What no function mentions needs no field, but may have one.
        Some(block) => block.used || node.push().is_some(),
        None => false,
    });
    match (node.push(), block) {
        (Some(push), None) => {
            let files: Vec<String> = shaders.modules().map(|module| module.file.value()).collect();
            errors.over(&push.name, format!("{} has no push constants; remove `#[push]`", one_of(files)));
        }
        (None, Some(module)) => {
            let message = "the shader has push constants; add a field for them, such as `#[push] params: Params`";
            errors.over(&module.file, message);
        }
        _ => {}
    }
}

/// Locations of a fragment shader are colour slots, in declared order.
fn check_attachments(node: &Node, shaders: &Shaders, errors: &Errors) {
    if node.args.kind != Kind::Graphics {
        return;
    }
    let indices: Vec<&Slot> = node.slots.iter().filter(|slot| slot.kind == FieldKind::Index).collect();
    if let [_, second, ..] = indices.as_slice() {
        errors.over(&second.name, "a node draws with one index buffer; join the two, or make two nodes");
    }
    let depths: Vec<&Slot> = node.slots.iter().filter(|slot| slot.kind == FieldKind::Depth).collect();
    if let [_, second, ..] = depths.as_slice() {
        errors.over(&second.name, "a node has one depth attachment");
    }
    let colors: Vec<&Slot> = node.slots.iter().filter(|slot| slot.kind == FieldKind::Color).collect();
    if colors.iter().any(|slot| slot.faulty) {
        return;
    }
    let fragments = || shaders.modules().filter(|module| module.role == StageRole::Fragment);
    if let (None, Some(slot)) = (fragments().next(), colors.first()) {
        errors.over(
            &slot.name,
            "without a fragment shader nothing is drawn to this slot; add `fragment = \"..\"`, or remove the slot",
        );
    }
    for module in fragments() {
        let outputs = &module.shader.outputs;
        for output in outputs {
            let (location, name) = (output.location as usize, output.name.as_deref().unwrap_or("(unnamed)"));
            match colors.get(location) {
                None => {
                    let message = format!(
                        "the shader's output `{name}` (location {location}) has no slot; add `#[color] {name}: Image<..>`"
                    );
                    errors.over(&module.file, message);
                }
                Some(slot) if slot.name != name && colors.iter().any(|other| other.name == name) => {
                    let message = format!(
                        "this slot is number {location} of the colour attachments, but the shader's output `{name}` has that location; put the slots in the order of the locations"
                    );
                    errors.over(&slot.name, message);
                    return;
                }
                Some(_) => {}
            }
        }
        for (location, slot) in colors.iter().enumerate() {
            if !outputs.iter().any(|output| output.location as usize == location) {
                let message =
                    format!("`{}` has no output at location {location}, which this slot is for", module.file.value());
                errors.over(&slot.name, message);
            }
        }
    }
}

fn check_vertex_inputs(node: &Node, shaders: &Shaders, errors: &Errors) {
    let slot = node.slots.iter().find(|slot| slot.kind == FieldKind::Vertex);
    let shaders = || shaders.modules().filter(|module| module.role == StageRole::Vertex);
    if let (Some(slot), Some(module)) = (slot, shaders().next())
        && shaders().all(|module| module.shader.inputs.is_empty())
    {
        errors.over(&slot.name, format!("`{}` has no vertex input; remove the slot", module.file.value()));
    }
    for module in shaders() {
        match module.shader.inputs.first() {
            Some(input) if slot.is_none() => {
                let name = input.name.as_deref().unwrap_or("(unnamed)");
                let message =
                    format!("the shader reads the vertex input `{name}`; add `#[vertex] vertices: Buffer<[Vertex]>`");
                errors.over(&module.file, message);
            }
            _ => {}
        }
    }
}

fn match_spec(node: &Node, shaders: &Shaders, errors: &Errors) -> (Vec<Option<SpecMatch>>, u32) {
    let mut offset = 0;
    let mut matches = Vec::new();
    for plain in &node.plain {
        let Role::Spec(id) = plain.role else {
            matches.push(None);
            continue;
        };
        let mut constants = shaders.modules().flat_map(|module| &module.shader.spec_constants);
        let found = constants.find(|constant| match id {
            Some(id) => constant.id == id,
            None => constant
                .name
                .as_deref()
                .is_some_and(|name| plain.name == name || plain.name == snake_case_of_constant(name)),
        });
        match found {
            Some(constant) if matches.iter().flatten().any(|other: &SpecMatch| other.id == constant.id) => {
                let message =
                    format!("another field fills the specialisation constant {} already; remove one", constant.id);
                errors.over(&plain.name, message);
                matches.push(None);
            }
            Some(constant) => {
                if constant.is_length {
                    let message = format!(
                        "`{}` is the length of an array that slots are compared with, and of that only the default is known; \
                         end the block in a run-time array, or leave `#[spec]` out and keep the default",
                        plain.name
                    );
                    errors.over(&plain.name, message);
                }
                let size = constant.scalar.size().max(4);
                offset = u32::next_multiple_of(offset, size);
                matches.push(Some(SpecMatch { id: constant.id, scalar: constant.scalar, offset }));
                offset += size;
            }
            None => {
                if shaders.complete {
                    let known: Vec<String> = shaders
                        .modules()
                        .flat_map(|module| &module.shader.spec_constants)
                        .map(|constant| {
                            format!("`{}` (id {})", constant.name.as_deref().unwrap_or("(unnamed)"), constant.id)
                        })
                        .collect();
                    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                    let message = format!("no shader has a specialisation constant `{}`; there is {known}", plain.name);
                    errors.over(&plain.name, message);
                }
                matches.push(None);
            }
        }
    }
    (matches, offset)
}

/// `STEP_COUNT` and `StepCount` become `step_count`.
fn snake_case_of_constant(name: &str) -> String {
    if name.chars().all(|letter| !letter.is_lowercase()) {
        name.to_lowercase()
    } else {
        crate::shader::snake_case(name)
    }
}
