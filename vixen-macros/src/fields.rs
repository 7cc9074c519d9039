//! Parses the struct that `#[node]` stands on, and the attributes of its fields, into the model.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, Fields, GenericParam, ItemStruct, Lifetime, Type, TypeReference};

use crate::args::NodeArgs;
use crate::errors::{Errors, one_of, similar};
use crate::generics::not_held;
use crate::krate;
use crate::model::{
    CreateArgs, FieldIndex, Node, Plain, Role, SamplerArgs, SamplerField, Shape, Slot, looks_like_resource,
    split_shape, wrapped,
};
use crate::options::Options;
use crate::words::{Address, Effect, FieldKind, Kind};

/// Attributes that stay on the field.
const KEPT: &[&str] = &["doc", "cfg", "allow", "expect", "warn", "deny", "deprecated", "cfg_attr"];

/// Makes the model; what is wrong is in `errors`.
pub fn model(args: NodeArgs, mut item: ItemStruct, errors: &Errors) -> Node {
    let elided = elided_lifetime(&item);
    if let Some(lifetime) = item.generics.lifetimes().next().map(ToTokens::to_token_stream).or(elided) {
        let message = "a node has no lifetimes of its own: its wires are borrowed for the call of `add`, and its plain fields are owned";
        errors.over(lifetime, message);
        // So that what names it is not an error too.
        make_static(&mut item);
    }
    let mut node = Node {
        args,
        attrs: item.attrs,
        vis: item.vis,
        ident: item.ident,
        generics: item.generics,
        slots: Vec::new(),
        samplers: Vec::new(),
        plain: Vec::new(),
        order: Vec::new(),
    };
    match item.fields {
        Fields::Named(fields) => {
            for field in fields.named {
                add_field(&mut node, field, errors);
            }
        }
        Fields::Unit => {}
        Fields::Unnamed(fields) => errors.over(fields, "a node's slots need names: use a struct with named fields"),
    }
    bound_parameters(&mut node, errors);
    for name in not_held(&node) {
        let message = format!(
            "only slots that the node makes name `{name}`, and the struct has none of these; add plain data of that type, \
             such as `element: std::marker::PhantomData<{name}>`"
        );
        errors.over(name, message);
    }
    node
}

/// A parameter that stands in a resource says what it is; where it does not, this says it too, so that no more follows.
fn bound_parameters(node: &mut Node, errors: &Errors) {
    let krate = node.args.krate.clone().unwrap_or_else(krate::path);
    let where_clause = node.generics.where_clause.to_token_stream().to_string();
    for parameter in node.generics.params.iter_mut() {
        let GenericParam::Type(parameter) = parameter else { continue };
        let name = &parameter.ident;
        // A `where` clause that names it at all is taken to say enough.
        if !parameter.bounds.is_empty() || where_clause.split(' ').any(|word| name == word) {
            continue;
        }
        let holder = node.slots.iter().find_map(|slot| {
            let (holder, inner) = wrapped(&slot.resource)?;
            let inner = if let Type::Slice(slice) = inner { &slice.elem } else { inner };
            matches!(inner, Type::Path(path) if path.path.is_ident(name)).then(|| holder.to_string())
        });
        let bound = match holder.as_deref() {
            Some("Buffer") => quote!(Block),
            Some("Image") => quote!(Format),
            _ => continue,
        };
        let message = format!("`{name}` stands in a slot, so say what it is: `{name}: {bound}`");
        errors.over(name, message);
        parameter.bounds.push(syn::parse_quote!(#krate::#bound));
    }
}

/// The first field type that is a reference without a lifetime.
fn elided_lifetime(item: &ItemStruct) -> Option<TokenStream> {
    item.fields.iter().find_map(|field| match &field.ty {
        Type::Reference(reference) if reference.lifetime.is_none() && wired(&field.ty).is_none() => {
            Some(reference.to_token_stream())
        }
        _ => None,
    })
}

/// Removes the lifetime parameters and makes every lifetime `'static`.
fn make_static(item: &mut ItemStruct) {
    struct Static;
    impl VisitMut for Static {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            reference.lifetime.get_or_insert_with(|| Lifetime::new("'static", Span::call_site()));
            visit_mut::visit_type_reference_mut(self, reference);
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            lifetime.ident = Ident::new("static", lifetime.ident.span());
        }
    }
    let params = std::mem::take(&mut item.generics.params);
    item.generics.params =
        params.into_iter().filter(|parameter| !matches!(parameter, GenericParam::Lifetime(_))).collect();
    Static.visit_fields_mut(&mut item.fields);
    Static.visit_generics_mut(&mut item.generics);
}

fn add_field(node: &mut Node, field: syn::Field, errors: &Errors) {
    let name = field.ident.clone().unwrap_or_else(|| Ident::new("field", field.span()));
    let pass_unknown = node.attrs.iter().any(|attribute| attribute.path().is_ident("derive"));
    let mut kept = Vec::new();
    let mut found: Option<(FieldKind, Attribute)> = None;
    let mut guessed = false;
    for attribute in field.attrs {
        let word =
            attribute.path().segments.last().map(|segment| segment.ident.unraw().to_string()).unwrap_or_default();
        match FieldKind::of(&word) {
            Some(kind) if found.is_none() => found = Some((kind, attribute)),
            Some(kind) => {
                let first = found.as_ref().map_or(kind, |(first, _)| *first);
                errors.over(
                    &attribute,
                    format!("`{name}` is `#[{first}]` already; a resource that is used in two ways needs two slots"),
                );
            }
            None if KEPT.contains(&word.as_str()) || pass_unknown => kept.push(attribute),
            None => {
                guessed = true;
                let known = node.args.kind.fields();
                let words: Vec<&str> = known.iter().map(|kind| kind.word()).collect();
                let hint = similar(&word, words.iter().copied()).map(|word| format!("; did you mean `#[{word}]`?"));
                errors.over(
                    &attribute,
                    format!(
                        "no slot attribute is called `{word}`: {} has {}{}",
                        node.args.kind.described(),
                        one_of(words),
                        hint.unwrap_or_default()
                    ),
                );
            }
        }
    }
    if !matches!(field.vis, syn::Visibility::Inherited) {
        errors.over(&field.vis, "slots have the visibility of their struct; remove this one");
    }
    let is_resource = looks_like_resource(&field.ty) || wired(&field.ty).is_some();
    let (kind, attribute) = match found {
        Some((kind, attribute)) => (kind, Some(attribute)),
        None if guessed && is_resource => (FieldKind::Storage, None),
        None => {
            if !guessed && is_resource {
                errors.over(
                    &name,
                    format!(
                        "say what `{name}` is used as: {}",
                        one_of(node.args.kind.fields().iter().map(|kind| format!("#[{kind}]")))
                    ),
                );
                (FieldKind::Storage, None)
            } else {
                node.order.push(FieldIndex::Plain(node.plain.len()));
                node.plain.push(Plain { attrs: kept, name, ty: field.ty, role: Role::Data });
                return;
            }
        }
    };
    if let Some(attribute) = &attribute
        && !node.args.kind.fields().contains(&kind)
    {
        errors.over(attribute, kind_mismatch(node.args.kind, kind));
        guessed = true;
    }
    let mut options = Options::default();
    if let Some(attribute) = &attribute {
        options.parse(kind, attribute, errors);
    } else {
        guessed = true;
    }
    guessed |= options.faulty;
    let span = attribute.as_ref().map_or(name.span(), |attribute| attribute.path().span());
    match kind {
        FieldKind::Push | FieldKind::Spec => {
            let role = if kind == FieldKind::Push { Role::Push } else { Role::Spec(options.id) };
            if role == Role::Push && node.push().is_some() {
                errors.at(span, "a node has one block of push constants; put both into one struct");
            }
            node.order.push(FieldIndex::Plain(node.plain.len()));
            node.plain.push(Plain { attrs: kept, name, ty: field.ty, role });
        }
        FieldKind::Sampler => {
            let sampler = options.sampler().unwrap_or_else(|| {
                errors.at(span, "say how it samples, such as `#[sampler(linear, clamp)]`");
                SamplerArgs { linear: true, address: Address::ClampToEdge, compare: None }
            });
            if type_name(&field.ty) != "Sampler" {
                errors.over(&field.ty, "a sampler has no wire and no resource: its type is `Sampler`");
            }
            node.samplers.push(SamplerField { name, at: options.location(), sampler });
        }
        kind => {
            let slot = slot(kind, name, field.ty, kept, options, guessed, span, errors);
            node.order.push(FieldIndex::Slot(node.slots.len()));
            node.slots.push(slot);
        }
    }
}

/// The word and the resource of `Wire<R>`, `Target<R>`, `Shared<R>` or a reference to one; `&` and the resource of `&R`.
fn wired(ty: &Type) -> Option<(String, Type)> {
    let reference = if let Type::Reference(reference) = ty { Some(&*reference.elem) } else { None };
    let wire = wrapped(reference.unwrap_or(ty))
        .filter(|(name, _)| ["Wire", "Target", "Shared"].iter().any(|word| name == word));
    match (wire, reference) {
        (Some((name, inner)), _) => Some((name.to_string(), inner.clone())),
        (None, Some(inner)) if looks_like_resource(inner) => Some(("&".to_owned(), inner.clone())),
        _ => None,
    }
}

/// Whether a type can be a resource, or a name that stands for one.
fn may_be_resource(ty: &Type) -> bool {
    match ty {
        Type::Path(_) => !["Box", "Rc", "Arc", "Vec", "Option"].contains(&type_name(ty).as_str()),
        Type::Group(_) | Type::Paren(_) | Type::Macro(_) | Type::Infer(_) | Type::Verbatim(_) => true,
        _ => false,
    }
}

/// The last name of a type's path.
fn type_name(ty: &Type) -> String {
    let Type::Path(path) = ty else { return String::new() };
    path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

#[expect(clippy::too_many_arguments, reason = "the parts of one field, taken apart by its only caller")]
fn slot(
    kind: FieldKind,
    name: Ident,
    ty: Type,
    attrs: Vec<Attribute>,
    options: Options,
    guessed: bool,
    span: Span,
    errors: &Errors,
) -> Slot {
    let effect = options.effect.unwrap_or(kind.effects()[0]);
    let (shape, resource) = split_shape(&ty, options.max);
    let (resource, mut faulty) = match wired(&resource) {
        Some((word, inner)) => {
            let message =
                format!("a slot names the resource alone, without `{word}`: `#[node]` works out what is wired to it");
            errors.over(&resource, message);
            (inner, true)
        }
        None if !may_be_resource(&resource) => {
            let message = "a slot holds a `Buffer<..>`, an `Image<..>` or an `AccelerationStructure`, alone, in an `Option`, in an array or in a `Vec`";
            errors.over(&resource, message);
            // So that nothing else is said of it.
            let krate = krate::path();
            (syn::parse_quote!(#krate::AccelerationStructure), true)
        }
        None => (resource, guessed),
    };
    let is_buffer = wrapped(&resource).is_some_and(|(name, _)| name == "Buffer");
    let mut fault = |message: &str| {
        if !faulty {
            errors.at(span, message);
        }
        faulty = true;
    };
    let single = matches!(
        kind,
        FieldKind::Color
            | FieldKind::Depth
            | FieldKind::Vertex
            | FieldKind::Index
            | FieldKind::Host
            | FieldKind::Create
    );
    match (&shape, options.max) {
        (Shape::Array(_) | Shape::Runtime(_), _) if single => {
            fault(&format!("a `#[{kind}]` slot is a single resource; declare several slots"));
        }
        (Shape::Optional, _) if matches!(kind, FieldKind::Host | FieldKind::Create) => {
            fault(&format!("a `#[{kind}]` slot cannot be optional"));
        }
        (Shape::One, _) if matches!(kind, FieldKind::Host | FieldKind::Create) && !is_buffer => {
            fault(&format!("a `#[{kind}]` slot is memory that the CPU sees: a `Buffer<..>`"));
        }
        (Shape::Runtime(_), Some(0)) => fault("a run-time array has room for one element at least"),
        (Shape::Runtime(_), None) => fault("a run-time array needs the most elements that it can have: `max = 16`"),
        (Shape::One | Shape::Optional | Shape::Array(_), Some(_)) => {
            fault("`max` belongs to a run-time array, `Vec<..>`")
        }
        _ => {}
    }
    if options.clear.is_some() && matches!(effect, Effect::Read | Effect::ReadWrite) {
        fault("clearing defines all of the attachment: it goes with `write`");
    }
    let location = options.location();
    let sampler = options.sampler();
    let mut create = None;
    if effect == Effect::Create {
        if !matches!(shape, Shape::One) {
            fault("a `create` slot makes exactly one resource; declare several slots");
        }
        create = create_args(&resource, options.len, options.extent, &mut fault);
    } else if options.len.is_some() || options.extent.is_some() {
        fault("`len` and `extent` belong to a `create` slot; other slots are as large as what is wired to them");
    }
    let Options { clear, instance: per_instance, .. } = options;
    Slot { attrs, name, kind, effect, shape, ty, resource, at: location, sampler, clear, per_instance, create, faulty }
}

/// How large a created resource is; an error where that has to be said.
fn create_args(
    resource: &Type,
    len: Option<Expr>,
    extent: Option<Expr>,
    fault: &mut impl FnMut(&str),
) -> Option<CreateArgs> {
    let is_buffer = wrapped(resource).map(|(name, _)| name == "Buffer");
    match (len, extent) {
        (Some(_), None) if looks_like_resource(resource) && is_buffer == Some(false) => {
            fault("an image has no `len`; say `extent = ..`");
            None
        }
        (None, Some(_)) if is_buffer == Some(true) => {
            fault("a buffer has no `extent`; say `len = ..`");
            None
        }
        (Some(len), None) => Some(CreateArgs::Length(len)),
        (None, Some(extent)) => Some(CreateArgs::Extent(extent)),
        (Some(_), Some(_)) => {
            fault("a buffer has `len`, an image `extent`, nothing both");
            None
        }
        (None, None) => match wrapped(resource) {
            Some((name, inner)) if name == "Buffer" && !matches!(inner, Type::Slice(_)) => {
                Some(CreateArgs::Length(syn::parse_quote!(1u64)))
            }
            Some((name, _)) if name == "Buffer" => {
                fault("say how many elements it has, such as `len = 1024`");
                None
            }
            _ => {
                fault("say how large it is, such as `extent = Extent::Output`");
                None
            }
        },
    }
}

fn kind_mismatch(node: Kind, field: FieldKind) -> String {
    let able: Vec<&str> = Kind::WORDS
        .iter()
        .copied()
        .filter(|word| Kind::of(word).is_some_and(|kind| kind.fields().contains(&field)))
        .collect();
    format!("{} cannot serve a `#[{field}]` slot; that takes {}", node.described(), one_of(able))
}
