//! Expands what is left to const evaluation: comparisons of Rust types with what the shaders declare.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};
use vixen_spirv::{Block, Count, Descriptor, ImageType, Interface, Scalar, Type as ShaderType};

use crate::args::Role as StageRole;
use crate::check::Matches;
use crate::compare::dimension;
use crate::model::{Node, Shape, Slot, last_span, plain_name, respan, wrapped};
use crate::shader::{Program, Shaders};
use crate::words::FieldKind;

/// Every comparison of a node: items where the types are known, statements in a generic node's `CHECK`.
pub fn checks(node: &Node, shaders: &Shaders, matches: &Matches, krate: &Path) -> TokenStream {
    let mut checks = Checks { krate, generic: node.is_generic(), tokens: TokenStream::new() };
    for (slot, found) in node.slots.iter().zip(&matches.slots) {
        if slot.faulty {
            continue;
        }
        let spans = slot.spans();
        let (name, resource) = (plain_name(&slot.name), &slot.resource);
        for contract in contracts(node, slot, shaders, *found, krate) {
            let function = match wrapped(resource) {
                Some((name, Type::Slice(slice))) if name == "Buffer" => {
                    let element = &slice.elem;
                    quote_spanned!(spans.0=> check_slice_slot::<#element>)
                }
                Some((name, element)) if name == "Buffer" => quote_spanned!(spans.0=> check_buffer_slot::<#element>),
                _ => quote_spanned!(spans.0=> check_slot::<#resource>),
            };
            checks.call(spans, function, quote!(#name, &#krate::macro_support::Contract::#contract));
        }
        if let (Shape::Array(length), Some(Count::Array(count))) =
            (&slot.shape, found.map(|index| shaders.bindings[index].count))
        {
            let count = Literal::u32_suffixed(count);
            checks.call(spans, quote_spanned!(spans.0=> check_count), quote!(#name, #length, #count));
        }
    }
    for (plain, spec) in node.plain.iter().zip(&matches.spec) {
        let Some(spec) = spec else { continue };
        let (name, ty) = (plain_name(&plain.name), &plain.ty);
        let spans = (plain.name.span(), last_span(ty));
        let value = spec_value(ty, krate);
        if spec.scalar == Scalar::Bool {
            checks.call(spans, quote_spanned!(spans.0=> check_spec_bool), quote!(#name, #value::NAME));
        } else {
            let scalar = scalar(spec.scalar, krate);
            checks.call(
                spans,
                quote_spanned!(spans.0=> check_spec),
                quote!(#name, #value::SCALAR, #value::NAME, #scalar),
            );
        }
    }
    if let Some(push) = node.push() {
        let (name, ty) = (plain_name(&push.name), &push.ty);
        let spans = (push.name.span(), last_span(ty));
        let mut seen: Vec<&Block> = Vec::new();
        for block in
            shaders.modules().filter_map(|module| module.shader.push_constants.as_ref()).map(|push| &push.block)
        {
            if !seen.contains(&block) {
                seen.push(block);
                let block = shader_block(block, krate);
                let push = push_value(ty, krate);
                checks.call(spans, quote_spanned!(spans.0=> check_push), quote!(#name, #push.ty, &#block));
            }
        }
    }
    checks.tokens
}

/// What is known of a field's type as a specialisation constant. Checks and wiring ask it in the same words, so that a type that
/// cannot be one is one error: the compiler drops what it has said already.
pub fn spec_value(ty: &Type, krate: &Path) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as #krate::macro_support::SpecValue>)
}

/// What is known of a field's type as push constants, in the same words everywhere as well.
pub fn push_value(ty: &Type, krate: &Path) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as #krate::macro_support::BlockMember>::PUSH)
}

struct Checks<'a> {
    krate: &'a Path,
    generic: bool,
    tokens: TokenStream,
}

impl Checks<'_> {
    /// Adds a call that begins and ends where the field does, so that the compiler underlines the field.
    fn call(&mut self, (first, last): (Span, Span), function: TokenStream, arguments: TokenStream) {
        let krate = self.krate;
        let path = respan(quote!(#krate::macro_support::), first);
        let arguments = quote_spanned!(last=> (#arguments));
        let call = quote!(#path #function #arguments);
        self.tokens.extend(if self.generic {
            quote_spanned!(first=> #call;)
        } else {
            quote_spanned!(first=> const _: () = #call;)
        });
    }
}

/// Says of every element of a buffer that it is a block, where nothing else is checked.
pub fn elements(node: &Node, krate: &Path) -> TokenStream {
    if node.is_generic() {
        return TokenStream::new();
    }
    let elements = node.slots.iter().filter_map(|slot| match wrapped(&slot.resource) {
        Some((name, Type::Slice(slice))) if name == "Buffer" => Some(&*slice.elem),
        Some((name, element)) if name == "Buffer" => Some(element),
        _ => None,
    });
    elements
        .map(|element| {
            let span = element.span();
            let function = respan(quote!(#krate::macro_support::check_element), span);
            quote_spanned!(span=> const _: () = #function::<#element>();)
        })
        .collect()
}

/// What a slot's resource must be: once, or once for each shader where they say different things.
fn contracts(node: &Node, slot: &Slot, shaders: &Shaders, found: Option<usize>, krate: &Path) -> Vec<TokenStream> {
    if let Some(index) = found {
        return shaders.bindings[index].descriptors.iter().filter_map(|descriptor| bound(descriptor, krate)).collect();
    }
    vec![match slot.kind {
        FieldKind::Color => color(node, slot, shaders, krate),
        FieldKind::Depth => quote!(Depth),
        FieldKind::Vertex => quote!(Vertex),
        FieldKind::Index => quote!(Index),
        FieldKind::Indirect => quote!(Indirect),
        FieldKind::TransferSource | FieldKind::TransferDestination => quote!(Copied),
        FieldKind::Host | FieldKind::Create => quote!(Host),
        _ => return Vec::new(),
    }]
}

fn bound(descriptor: &Descriptor, krate: &Path) -> Option<TokenStream> {
    Some(match descriptor {
        Descriptor::UniformBuffer(block) => {
            let block = shader_block(block, krate);
            quote!(UniformBuffer(#block))
        }
        Descriptor::StorageBuffer(block) => {
            let block = shader_block(block, krate);
            quote!(StorageBuffer(#block))
        }
        Descriptor::SampledImage(image) => {
            let image = image_contract(image, krate)?;
            quote!(SampledImage(#image))
        }
        Descriptor::StorageImage(image) => {
            let image = image_contract(image, krate)?;
            quote!(StorageImage(#image))
        }
        Descriptor::CombinedImageSampler(image) => {
            let image = image_contract(image, krate)?;
            quote!(CombinedImageSampler(#image))
        }
        Descriptor::AccelerationStructure => quote!(AccelerationStructure),
        _ => return None,
    })
}

fn image_contract(image: &ImageType, krate: &Path) -> Option<TokenStream> {
    let dimension = format_ident!("{}", dimension(image)?);
    let texel = texel(image.scalar, krate);
    let format = match image.format {
        Some(format) => {
            let name = format.name();
            quote!(::core::option::Option::Some(#name))
        }
        None => quote!(::core::option::Option::None),
    };
    Some(quote! {
        #krate::macro_support::ImageContract {
            dimension: #krate::macro_support::Dimension::#dimension,
            format: #format,
            texel: #texel,
        }
    })
}

/// A colour attachment's contract: what the fragment shader's output of its location holds.
fn color(node: &Node, slot: &Slot, shaders: &Shaders, krate: &Path) -> TokenStream {
    let colors = node.slots.iter().filter(|other| other.kind == FieldKind::Color);
    let location = colors.map(|other| &other.name).position(|name| *name == slot.name);
    let output = shaders
        .modules()
        .filter(|module| module.role == StageRole::Fragment)
        .flat_map(|module| &module.shader.outputs)
        .find(|output| Some(output.location as usize) == location);
    let texel = output.and_then(|output| match output.ty {
        ShaderType::Scalar(scalar) | ShaderType::Vector(scalar, _) => Some(texel(scalar, krate)),
        _ => None,
    });
    match texel {
        Some(texel) => quote!(Color(::core::option::Option::Some(#texel))),
        None => quote!(Color(::core::option::Option::None)),
    }
}

fn texel(scalar: Scalar, krate: &Path) -> TokenStream {
    let texel = match scalar {
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => quote!(Int),
        Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 | Scalar::Bool => quote!(Uint),
        Scalar::F16 | Scalar::F32 | Scalar::F64 => quote!(Float),
    };
    quote!(#krate::macro_support::Texel::#texel)
}

/// A reflected block as an expression.
fn shader_block(block: &Block, krate: &Path) -> TokenStream {
    let members = block.members.iter().map(|member| {
        let name = member.name.as_deref().unwrap_or_default();
        let (offset, ty) = (Literal::u32_suffixed(member.offset), shader_type(&member.ty, krate));
        quote!(#krate::macro_support::ShaderMember { name: #name, offset: #offset, ty: #ty })
    });
    quote!(#krate::macro_support::ShaderBlock { members: &[#(#members,)*] })
}

fn shader_type(ty: &ShaderType, krate: &Path) -> TokenStream {
    let variant = match ty {
        ShaderType::Scalar(number) => {
            let number = scalar(*number, krate);
            quote!(Scalar(#number))
        }
        ShaderType::Vector(number, count) => {
            let (number, count) = (scalar(*number, krate), Literal::u32_suffixed(*count));
            quote!(Vector(#number, #count))
        }
        ShaderType::Matrix { scalar: number, columns, rows, column_stride, row_major } => {
            let number = scalar(*number, krate);
            let (vectors, components) = if *row_major { (*rows, *columns) } else { (*columns, *rows) };
            let [vectors, components, stride] = [vectors, components, *column_stride].map(Literal::u32_suffixed);
            quote!(Matrix { scalar: #number, vectors: #vectors, components: #components, stride: #stride })
        }
        ShaderType::Array { element, count, stride } => {
            let element = shader_type(element, krate);
            let [count, stride] = [*count, *stride].map(Literal::u32_suffixed);
            quote!(Array { element: &#element, count: #count, stride: #stride })
        }
        ShaderType::RuntimeArray { element, stride } => {
            let (element, stride) = (shader_type(element, krate), Literal::u32_suffixed(*stride));
            quote!(RuntimeArray { element: &#element, stride: #stride })
        }
        ShaderType::Struct(block) => {
            let block = shader_block(block, krate);
            quote!(Struct(#block))
        }
        ShaderType::Pointer => quote!(Pointer),
    };
    quote!(#krate::macro_support::ShaderType::#variant)
}

/// A scalar as an expression; truth values lie in memory as `u32`.
fn scalar(scalar: Scalar, krate: &Path) -> TokenStream {
    let name = match scalar {
        Scalar::I8 => "I8",
        Scalar::U8 => "U8",
        Scalar::I16 => "I16",
        Scalar::U16 => "U16",
        Scalar::F16 => "F16",
        Scalar::I32 => "I32",
        Scalar::U32 | Scalar::Bool => "U32",
        Scalar::F32 => "F32",
        Scalar::I64 => "I64",
        Scalar::U64 => "U64",
        Scalar::F64 => "F64",
    };
    let name = format_ident!("{name}");
    quote!(#krate::macro_support::Scalar::#name)
}

/// The attributes of a vertex shader's inputs, found in the vertex types by const evaluation.
pub fn vertex_attributes(node: &Node, program: &Program, krate: &Path) -> TokenStream {
    let inputs = vertex_inputs(program, krate);
    let slots = node.slots.iter().enumerate().filter(|(_, slot)| slot.kind == FieldKind::Vertex);
    let span = slots.clone().next().map_or_else(Span::call_site, |(_, slot)| slot.name.span());
    let slots = slots.map(|(index, slot)| {
        let (index, name, resource) = (Literal::u32_suffixed(index as u32), plain_name(&slot.name), &slot.resource);
        quote! {
            #krate::macro_support::VertexSlot {
                slot: #index,
                name: #name,
                block: <#resource as #krate::macro_support::Resource>::BLOCK,
            }
        }
    });
    respan(quote!(#krate::macro_support::vertex_attributes(&[#(#slots,)*], &[#(#inputs,)*])), span)
}

/// The inputs of a pipeline's vertex shader; none where it has no vertex shader.
fn vertex_inputs(program: &Program, krate: &Path) -> Vec<TokenStream> {
    let vertex = program.stages.iter().find(|stage| stage.role == StageRole::Vertex);
    let inputs = vertex.map(|stage| stage.shader.inputs.as_slice()).unwrap_or_default();
    inputs.iter().flat_map(|input| vertex_input(input, krate)).collect()
}

/// An input as expressions, one for each location that it takes; none for what cannot be an input.
fn vertex_input(input: &Interface, krate: &Path) -> Vec<TokenStream> {
    let (number, components, vectors) = match &input.ty {
        ShaderType::Scalar(number) => (*number, 1, 1),
        ShaderType::Vector(number, count) => (*number, *count, 1),
        ShaderType::Matrix { scalar, columns, rows, .. } => (*scalar, *rows, *columns),
        ShaderType::Array { element, count, .. } => match **element {
            ShaderType::Scalar(number) => (number, 1, *count),
            ShaderType::Vector(number, components) => (number, components, *count),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let (name, number) = (input.name.as_deref().unwrap_or_default(), scalar(number, krate));
    // No device has more; a longer one is refused by its count.
    let most = vectors.min(64);
    let one = |vector: u32| {
        let location = input.location.saturating_add(vector);
        let [location, components, vector, vectors] =
            [location, components, vector, vectors].map(Literal::u32_suffixed);
        quote! {
            #krate::macro_support::VertexInput {
                location: #location,
                name: #name,
                scalar: #number,
                components: #components,
                vector: #vector,
                vectors: #vectors,
            }
        }
    };
    (0..most).map(one).collect()
}
