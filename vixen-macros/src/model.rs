//! What a node is, between parsing and expanding.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, GenericArgument, Generics, PathArguments, Type, Visibility};

use crate::args::NodeArgs;
use crate::words::{Address, Compare, Effect, FieldKind};

/// A struct that `#[node]` stands on.
pub struct Node {
    pub args: NodeArgs,
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub ident: Ident,
    pub generics: Generics,
    pub slots: Vec<Slot>,
    pub samplers: Vec<SamplerField>,
    pub plain: Vec<Plain>,
    /// The order in which slots and plain fields were declared.
    pub order: Vec<FieldIndex>,
}

/// A field of the wiring struct.
#[derive(Clone, Copy)]
pub enum FieldIndex {
    Slot(usize),
    Plain(usize),
}

/// A slot: a field that a wire is connected to.
pub struct Slot {
    pub attrs: Vec<Attribute>,
    pub name: Ident,
    pub kind: FieldKind,
    pub effect: Effect,
    pub shape: Shape,
    /// The type as written.
    pub ty: Type,
    /// The resource, without the `Option`, array or `Vec` around it.
    pub resource: Type,
    pub at: Option<Location>,
    pub sampler: Option<SamplerArgs>,
    pub clear: Option<Expr>,
    /// Of a vertex slot: moves on with every instance.
    pub per_instance: bool,
    pub create: Option<CreateArgs>,
    /// Something is wrong with it that has been said: compare nothing more.
    pub faulty: bool,
}

/// One wire or several.
pub enum Shape {
    One,
    Optional,
    Array(Expr),
    Runtime(u32),
}

/// An explicit place in a shader.
#[derive(Clone, Copy)]
pub struct Location {
    pub set: u32,
    pub binding: u32,
}

/// How an image is sampled.
#[derive(Clone, Copy)]
pub struct SamplerArgs {
    pub linear: bool,
    pub address: Address,
    pub compare: Option<Compare>,
}

/// How large the resource of a `create` slot is.
pub enum CreateArgs {
    Length(Expr),
    Extent(Expr),
}

/// A sampler that is a binding of its own; it has no wire.
pub struct SamplerField {
    pub name: Ident,
    pub at: Option<Location>,
    pub sampler: SamplerArgs,
}

/// A field of plain data.
pub struct Plain {
    pub attrs: Vec<Attribute>,
    pub name: Ident,
    pub ty: Type,
    pub role: Role,
}

/// What plain data is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The node's own.
    Data,
    /// Push constants.
    Push,
    /// A specialisation constant, found by its name or by this id.
    Spec(Option<u32>),
}

impl Node {
    /// Whether types or lengths are not known before the node is used.
    pub fn is_generic(&self) -> bool {
        self.generics.type_params().next().is_some() || self.generics.const_params().next().is_some()
    }

    /// Whether a slot borrows a wire, so that the struct has a lifetime.
    pub fn borrows(&self) -> bool {
        self.slots.iter().any(|slot| slot.effect == Effect::Read)
    }

    /// The slots that give a wire.
    pub fn outputs(&self) -> impl Iterator<Item = (usize, &Slot)> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.effect != Effect::Read)
    }

    /// The push-constant field.
    pub fn push(&self) -> Option<&Plain> {
        self.plain.iter().find(|plain| plain.role == Role::Push)
    }

    /// Name of the outputs struct.
    pub fn outputs_ident(&self) -> Ident {
        format_ident!("{}Outputs", self.ident)
    }

    /// Name of the view struct.
    pub fn view_ident(&self) -> Ident {
        format_ident!("{}View", self.ident)
    }

    /// Name of the struct of plain fields.
    pub fn data_ident(&self) -> Ident {
        format_ident!("__{}Data", self.ident)
    }
}

/// A field's name in messages and declarations: without the `r#` of a keyword.
pub fn plain_name(field: &Ident) -> String {
    field.unraw().to_string()
}

/// The alias of a node's struct that needs no lifetime, which `#[node] impl` is turned to.
pub fn alias_ident(node: &Ident) -> Ident {
    format_ident!("__{}Node", node, span = node.span())
}

impl Slot {
    /// First and last span of `name: type`.
    pub fn spans(&self) -> (Span, Span) {
        (self.name.span(), last_span(&self.ty))
    }

    /// The attribute as a user would write it.
    pub fn attribute(&self) -> String {
        if self.effect == self.kind.effects()[0] {
            format!("#[{}]", self.kind)
        } else {
            format!("#[{}({})]", self.kind, self.effect)
        }
    }
}

/// The last span of some tokens; stable compilers cannot join spans.
pub fn last_span(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

/// Tokens at another place: where the compiler is to point. `$crate` keeps its own, which it is resolved by.
pub fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            match &mut token {
                TokenTree::Group(group) => {
                    let mut moved = Group::new(group.delimiter(), respan(group.stream(), span));
                    moved.set_span(span);
                    *group = moved;
                }
                TokenTree::Ident(ident) if ident == "$crate" => {}
                other => other.set_span(span),
            }
            token
        })
        .collect()
}

/// The shape of a field's type, and its resource.
pub fn split_shape(ty: &Type, max: Option<u32>) -> (Shape, Type) {
    if let Type::Array(array) = ty {
        return (Shape::Array(array.len.clone()), (*array.elem).clone());
    }
    match wrapped(ty) {
        Some((name, inner)) if name == "Option" => (Shape::Optional, inner.clone()),
        Some((name, inner)) if name == "Vec" => (Shape::Runtime(max.unwrap_or(1)), inner.clone()),
        _ => (Shape::One, ty.clone()),
    }
}

/// The last name of a path and its first type argument: `Buffer<[T]>` gives `Buffer` and `[T]`.
pub fn wrapped(ty: &Type) -> Option<(&Ident, &Type)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some((&segment.ident, ty)),
        _ => None,
    })
}

/// Whether a type reads like a resource.
pub fn looks_like_resource(ty: &Type) -> bool {
    let (_, resource) = split_shape(ty, None);
    let Type::Path(path) = &resource else { return false };
    path.path
        .segments
        .last()
        .is_some_and(|segment| ["Buffer", "Image", "AccelerationStructure"].iter().any(|name| segment.ident == name))
}
