//! Expands a node's `NodeDeclaration`: what the executor has to know about the type.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, Path};
use vixen_spirv::{Count, Descriptor};

use crate::args::{HitArg, Role as StageRole};
use crate::check::Matches;
use crate::contract::vertex_attributes;
use crate::model::{Node, SamplerArgs, Shape, Slot, plain_name};
use crate::shader::{Merged, Program, Shaders};
use crate::words::{Blend, Compare, Cull, Effect, FieldKind, Front, Kind, Polygon, Topology};

/// The declaration as an expression.
pub fn declaration(node: &Node, shaders: &Shaders, matches: &Matches, krate: &Path) -> TokenStream {
    let name = node.ident.to_string();
    let kind = format_ident!("{}", node.args.kind.variant());
    let dynamic = node.args.dynamic;
    let slots = node
        .slots
        .iter()
        .zip(&matches.slots)
        .map(|(slot, found)| slot_declaration(slot, found.map(|index| &shaders.bindings[index]), krate));
    let programs = shaders.programs.iter().map(|program| program_declaration(node, program, matches, krate));
    let push = push_declaration(node, shaders, krate);
    let spec_bytes = Literal::u32_suffixed(matches.spec_bytes);
    let samplers = node.samplers.iter().zip(&matches.samplers).filter_map(|(sampler, found)| {
        let name = plain_name(&sampler.name);
        let binding = binding_declaration(&shaders.bindings[(*found)?], None, krate);
        let sampler = sampler_desc(&sampler.sampler, krate);
        Some(quote!(#krate::macro_support::SamplerSlot { name: #name, binding: #binding, sampler: #sampler }))
    });
    let requirements = requirements(node, shaders, matches, krate);
    quote! {
        #krate::macro_support::NodeDeclaration {
            name: #name,
            kind: #krate::macro_support::NodeKind::#kind,
            dynamic: #dynamic,
            slots: &[#(#slots,)*],
            programs: &[#(#programs,)*],
            push: #push,
            spec_bytes: #spec_bytes,
            samplers: &[#(#samplers,)*],
            requirements: #requirements,
        }
    }
}

fn slot_declaration(slot: &Slot, merged: Option<&Merged>, krate: &Path) -> TokenStream {
    let name = plain_name(&slot.name);
    let kind = format_ident!("{}", slot.kind.slot_kind());
    let effect = format_ident!("{}", slot.effect.variant());
    let shape = match &slot.shape {
        Shape::One => quote!(One),
        Shape::Optional => quote!(Optional),
        Shape::Array(length) => quote!(Array((#length) as u32)),
        Shape::Runtime(max) => quote!(Runtime(#max)),
    };
    let binding = option(merged.map(|merged| binding_declaration(merged, Some(&slot.shape), krate)));
    let sampler = option(slot.sampler.as_ref().map(|sampler| sampler_desc(sampler, krate)));
    let per_instance = slot.per_instance;
    let clear = option(slot.clear.as_ref().map(|clear| clear_value(slot.kind, clear)));
    quote! {
        #krate::macro_support::SlotDeclaration {
            name: #name,
            kind: #krate::macro_support::SlotKind::#kind,
            effect: #krate::macro_support::SlotEffect::#effect,
            shape: #krate::macro_support::SlotShape::#shape,
            binding: #binding,
            sampler: #sampler,
            clear: #clear,
            per_instance: #per_instance,
        }
    }
}

/// Four numbers; of a depth attachment the first counts.
fn clear_value(kind: FieldKind, clear: &Expr) -> TokenStream {
    if kind == FieldKind::Depth { quote!([#clear, 0.0, 0.0, 0.0]) } else { quote!(#clear) }
}

fn binding_declaration(merged: &Merged, shape: Option<&Shape>, krate: &Path) -> TokenStream {
    let (set, binding) = (Literal::u32_suffixed(merged.set), Literal::u32_suffixed(merged.binding));
    let descriptor = match merged.descriptor() {
        Descriptor::UniformBuffer(_) => "UNIFORM_BUFFER",
        Descriptor::StorageBuffer(_) => "STORAGE_BUFFER",
        Descriptor::SampledImage(_) => "SAMPLED_IMAGE",
        Descriptor::StorageImage(_) => "STORAGE_IMAGE",
        Descriptor::CombinedImageSampler(_) => "COMBINED_IMAGE_SAMPLER",
        Descriptor::Sampler => "SAMPLER",
        Descriptor::InputAttachment => "INPUT_ATTACHMENT",
        Descriptor::UniformTexelBuffer => "UNIFORM_TEXEL_BUFFER",
        Descriptor::StorageTexelBuffer => "STORAGE_TEXEL_BUFFER",
        Descriptor::AccelerationStructure => "ACCELERATION_STRUCTURE_KHR",
    };
    let descriptor = format_ident!("{descriptor}");
    let count = Literal::u32_suffixed(descriptor_count(merged, shape));
    let stages = stage_flags(merged.stages, krate);
    quote! {
        #krate::macro_support::BindingDeclaration {
            set: #set,
            binding: #binding,
            descriptor: #krate::macro_support::DescriptorType::#descriptor,
            count: #count,
            stages: #stages,
        }
    }
}

/// The number of descriptors that the binding holds.
fn descriptor_count(merged: &Merged, shape: Option<&Shape>) -> u32 {
    match (merged.count, shape) {
        (Count::One, _) => 1,
        (Count::Array(count), _) => count,
        (Count::Runtime, Some(Shape::Runtime(max))) => *max,
        (Count::Runtime, _) => 1,
    }
}

fn sampler_desc(sampler: &SamplerArgs, krate: &Path) -> TokenStream {
    let linear = sampler.linear;
    let address = format_ident!("{}", sampler.address.vulkan());
    let compare = option(sampler.compare.map(|compare| compare_op(compare, krate)));
    quote! {
        #krate::macro_support::SamplerDesc {
            linear: #linear,
            address: #krate::macro_support::vk::SamplerAddressMode::#address,
            compare: #compare,
        }
    }
}

fn compare_op(compare: Compare, krate: &Path) -> TokenStream {
    let name = format_ident!("{}", compare.constant());
    quote!(#krate::macro_support::vk::CompareOp::#name)
}

fn push_declaration(node: &Node, shaders: &Shaders, krate: &Path) -> TokenStream {
    let stages = shaders
        .modules()
        .filter(|module| module.shader.push_constants.is_some())
        .fold(0, |flags, module| flags | module.role.flag());
    let stages = stage_flags(stages, krate);
    option(node.push().map(|push| {
        let ty = &push.ty;
        quote! {
            #krate::macro_support::PushDeclaration { size: ::core::mem::size_of::<#ty>() as u32, stages: #stages }
        }
    }))
}

fn program_declaration(node: &Node, program: &Program, matches: &Matches, krate: &Path) -> TokenStream {
    let name = program.args.name.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let kind = match node.args.kind {
        Kind::Graphics => graphics_state(node, program, krate),
        Kind::RayTracing => ray_tracing_state(program, krate),
        _ => {
            let shader = program.stages.first().map(|stage| &stage.shader);
            let size = shader.and_then(|shader| shader.local_size).unwrap_or([1; 3]).map(Literal::u32_suffixed);
            let ids = shader
                .map_or([None; 3], |shader| shader.local_size_ids)
                .map(|id| option(id.map(Literal::u32_suffixed)));
            quote!(Compute { workgroup: #krate::macro_support::Workgroup { size: [#(#size),*], ids: [#(#ids),*] } })
        }
    };
    let stages = program.stages.iter().map(|stage| {
        let flags = stage_flags(stage.role.flag(), krate);
        let entry = &stage.shader.entry_point;
        let file = stage.path.to_string_lossy().into_owned();
        let path = stage.file.value();
        let watched = option(cfg!(feature = "hot-reload").then_some(&file));
        let capabilities = stage.shader.capabilities.iter().copied().map(Literal::u32_suffixed);
        let spec = matches.spec.iter().flatten().filter_map(|spec| {
            let constant = stage.shader.spec_constants.iter().find(|constant| constant.id == spec.id)?;
            let (id, offset) = (Literal::u32_suffixed(constant.id), Literal::u32_suffixed(spec.offset));
            let size = Literal::u32_suffixed(constant.scalar.size().max(4));
            Some(quote!(#krate::macro_support::SpecConstant { id: #id, offset: #offset, size: #size }))
        });
        quote! {
            #krate::macro_support::ShaderStage {
                stage: #flags,
                entry: #entry,
                code: ::core::include_bytes!(#file),
                path: #path,
                file: #watched,
                spec: &[#(#spec,)*],
                capabilities: &[#(#capabilities,)*],
            }
        }
    });
    quote! {
        #krate::macro_support::Program {
            name: #name,
            kind: #krate::macro_support::ProgramKind::#kind,
            stages: &[#(#stages,)*],
        }
    }
}

fn graphics_state(node: &Node, program: &Program, krate: &Path) -> TokenStream {
    let args = &program.args;
    let depth = node.slots.iter().find(|slot| slot.kind == FieldKind::Depth);
    let topology = format_ident!("{}", args.topology.unwrap_or(Topology::TriangleList).constant());
    let cull = format_ident!("{}", args.cull.unwrap_or(Cull::None).constant());
    let front = format_ident!("{}", args.front.unwrap_or(Front::CounterClockwise).constant());
    let polygon = format_ident!("{}", args.polygon.unwrap_or(Polygon::Fill).constant());
    let blend = format_ident!("{}", args.blend.unwrap_or(Blend::None).variant());
    let compare = option(depth.map(|_| compare_op(args.depth_compare.unwrap_or(Compare::Less), krate)));
    let depth_write = depth.is_some_and(|slot| slot.effect != Effect::Read);
    let attributes = vertex_attributes(node, program, krate);
    let slots = node.slots.iter().any(|slot| slot.kind == FieldKind::Vertex);
    let attributes = if slots { quote!(&#attributes) } else { quote!(&[]) };
    quote! {
        Graphics {
            topology: #krate::macro_support::vk::PrimitiveTopology::#topology,
            cull: #krate::macro_support::vk::CullModeFlags::#cull,
            front: #krate::macro_support::vk::FrontFace::#front,
            polygon: #krate::macro_support::vk::PolygonMode::#polygon,
            depth_compare: #compare,
            depth_write: #depth_write,
            blend: #krate::macro_support::Blend::#blend,
            attributes: #attributes,
        }
    }
}

fn ray_tracing_state(program: &Program, krate: &Path) -> TokenStream {
    let args = &program.args;
    let misses = program.stages.iter().filter(|stage| stage.role == StageRole::Miss).count();
    let misses = Literal::u32_suffixed(misses as u32);
    let groups = args.hit_groups.iter().map(|HitArg { closest, any, intersection }| {
        let index = |stage: &Option<usize>| option(stage.map(|stage| Literal::u32_suffixed(stage as u32)));
        let (closest, any, intersection) = (index(closest), index(any), index(intersection));
        quote!(#krate::macro_support::HitGroup { closest: #closest, any: #any, intersection: #intersection })
    });
    let max_depth = Literal::u32_suffixed(args.max_depth.unwrap_or(1));
    quote!(RayTracing { misses: #misses, hit_groups: &[#(#groups,)*], max_depth: #max_depth })
}

fn requirements(node: &Node, shaders: &Shaders, matches: &Matches, krate: &Path) -> TokenStream {
    let mut counts = [0u32; 7];
    let mut sets: Vec<u32> = Vec::new();
    let slots = node.slots.iter().zip(&matches.slots).map(|(slot, found)| (Some(&slot.shape), *found));
    let samplers = matches.samplers.iter().map(|found| (None, *found));
    for (shape, found) in slots.chain(samplers) {
        let Some(merged) = found.map(|index| &shaders.bindings[index]) else { continue };
        let field = match merged.descriptor() {
            Descriptor::UniformBuffer(_) | Descriptor::UniformTexelBuffer => 0,
            Descriptor::StorageBuffer(_) | Descriptor::StorageTexelBuffer => 1,
            Descriptor::SampledImage(_) | Descriptor::InputAttachment => 2,
            Descriptor::StorageImage(_) => 3,
            Descriptor::CombinedImageSampler(_) => 4,
            Descriptor::Sampler => 5,
            Descriptor::AccelerationStructure => 6,
        };
        counts[field] += descriptor_count(merged, shape);
        if !sets.contains(&merged.set) {
            sets.push(merged.set);
        }
    }
    let counts = counts.map(Literal::u32_suffixed);
    let [uniform_buffers, storage_buffers, sampled_images, storage_images, combined, samplers, structures] = &counts;
    let sets = Literal::u32_suffixed(sets.len() as u32);
    let args = &node.args;
    let emitted = args.emits.iter().map(|event| &event.capacity);
    let received = args.receives.iter().map(|event| &event.capacity);
    let bytes = args.emits.iter().chain(&args.receives).map(|event| {
        let (ty, capacity) = (&event.ty, &event.capacity);
        quote!((#capacity) as u64 * ::core::mem::size_of::<#ty>() as u64)
    });
    let or_zero = |value: &Option<Expr>| value.as_ref().map_or(quote!(0), |value| quote!(#value));
    let staging = or_zero(&args.staging);
    let history = or_zero(&args.history);
    let transient_bytes = or_zero(&args.transient_bytes);
    let transient_per_pixel = or_zero(&args.transient_per_pixel);
    let command_buffers = Literal::u32_suffixed(u32::from(args.dynamic));
    // One before and one after; the CPU's work needs none.
    let queries = Literal::u32_suffixed(if args.kind == Kind::Host { 0 } else { 2 });
    quote! {
        #krate::macro_support::Requirements {
            descriptors: #krate::macro_support::DescriptorCounts {
                uniform_buffers: #uniform_buffers,
                storage_buffers: #storage_buffers,
                sampled_images: #sampled_images,
                storage_images: #storage_images,
                combined_image_samplers: #combined,
                samplers: #samplers,
                acceleration_structures: #structures,
            },
            sets: #sets,
            events: #krate::macro_support::EventCounts {
                emitted: 0 #(+ (#emitted))*,
                received: 0 #(+ (#received))*,
                bytes: 0 #(+ #bytes)*,
            },
            staging_bytes: #staging,
            history_depth: #history,
            transient_bytes: #transient_bytes,
            transient_bytes_per_pixel: #transient_per_pixel,
            command_buffers: #command_buffers,
            queries: #queries,
        }
    }
}

fn stage_flags(flags: u32, krate: &Path) -> TokenStream {
    let flags = Literal::u32_suffixed(flags);
    quote!(#krate::macro_support::vk::ShaderStageFlags::from_raw(#flags))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
