//! Expands the structs of a node: wiring, outputs, view and plain data.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Path, Type, parse_quote};

use crate::check::Matches;
use crate::generics::{not_held, used_generics};
use crate::model::{FieldIndex, Node, Plain, Shape, Slot, alias_ident, respan, wrapped};
use crate::shader::Shaders;
use crate::words::{Effect, FieldKind, Kind};

/// A node that is being expanded.
pub struct Expansion<'a> {
    pub node: &'a Node,
    pub shaders: &'a Shaders,
    pub matches: &'a Matches,
    pub krate: &'a Path,
}

impl Expansion<'_> {
    pub fn wiring_struct(&self) -> TokenStream {
        let Node { attrs, vis, ident, .. } = self.node;
        let generics = self.with_lifetime("'w", self.node.borrows());
        let (parameters, _, where_clause) = generics.split_for_impl();
        let parameters = declared(&generics, &parameters);
        let fields = self.node.order.iter().map(|&index| {
            let (attrs, name, ty, doc) = match index {
                FieldIndex::Slot(index) => {
                    let slot = &self.node.slots[index];
                    if slot.effect == Effect::Create {
                        return TokenStream::new();
                    }
                    (
                        &slot.attrs,
                        &slot.name,
                        self.wiring_type(slot),
                        format!("The slot `{}`: {}.", slot.name, slot.attribute()),
                    )
                }
                FieldIndex::Plain(index) => {
                    let Plain { attrs, name, ty, .. } = &self.node.plain[index];
                    (attrs, name, quote!(#ty), format!("The plain field `{name}`."))
                }
            };
            let doc = missing_doc(attrs, &doc);
            quote! { #(#attrs)* #doc #vis #name: #ty, }
        });
        // Which has been reported, and better than the compiler can.
        let missing = not_held(self.node);
        let held = (!missing.is_empty()).then(|| quote!(#vis __held: ::core::marker::PhantomData<(#(#missing,)*)>,));
        let alias = alias_ident(ident);
        let alias_generics = bare_parameters(&self.node.generics);
        let (target, krate) = (self.node_type("'static"), self.krate);
        quote! {
            #(#attrs)*
            #vis struct #ident #parameters #where_clause { #(#fields)* #held }

            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, reason = "named by the node's other expansions")]
            #vis type #alias #alias_generics = #krate::macro_support::Itself<#target>;
        }
    }

    pub fn outputs_struct(&self) -> TokenStream {
        let (vis, ident) = (&self.node.vis, self.node.outputs_ident());
        let types: Vec<&Type> = self.node.outputs().map(|(_, slot)| &slot.ty).collect();
        let generics = used_generics(&self.node.generics, &types);
        let (parameters, _, where_clause) = generics.split_for_impl();
        let doc = format!("The wires that adding a [`{}`] gives.", self.node.ident);
        let must_use = format!("`{}` runs only if something reads what it writes", self.node.ident);
        let must_use = (!types.is_empty()).then(|| quote!(#[must_use = #must_use]));
        let fields = self.node.outputs().map(|(_, slot)| {
            let (name, attrs, ty) =
                (&slot.name, docs(&slot.attrs), self.shaped(&slot.shape, &self.wire(&slot.resource)));
            let doc = missing_doc(&slot.attrs, &format!("What the node wrote to `{name}`."));
            quote! { #(#attrs)* #doc #vis #name: #ty, }
        });
        quote! {
            #[doc = #doc]
            #must_use
            #[allow(dead_code, reason = "which outputs are read is up to the graph")]
            #vis struct #ident #parameters #where_clause { #(#fields)* }
        }
    }

    pub fn view_struct(&self) -> TokenStream {
        let (vis, ident) = (&self.node.vis, self.node.view_ident());
        let generics = self.view_generics();
        let (parameters, _, where_clause) = generics.split_for_impl();
        let doc = format!("What [`{}`] sees of its slots and plain fields while it runs.", self.node.ident);
        let host = self.node.args.kind == Kind::Host;
        let fields = self.node.order.iter().map(|&index| match index {
            FieldIndex::Slot(index) => {
                let slot = &self.node.slots[index];
                let (name, attrs, ty) = (&slot.name, docs(&slot.attrs), self.view_type(slot));
                let doc = missing_doc(&slot.attrs, &format!("The slot `{name}`."));
                quote! { #(#attrs)* #doc #vis #name: #ty, }
            }
            FieldIndex::Plain(index) => {
                let Plain { attrs, name, ty, .. } = &self.node.plain[index];
                let (doc, attrs) = (missing_doc(attrs, &format!("The plain field `{name}`.")), docs(attrs));
                let mutable = host.then(|| quote!(mut));
                quote! { #(#attrs)* #doc #vis #name: &'v #mutable #ty, }
            }
        });
        quote! {
            #[doc = #doc]
            #[allow(dead_code, reason = "a shader uses what the commands do not name")]
            #vis struct #ident #parameters #where_clause { #(#fields)* }
        }
    }

    pub fn data_struct(&self) -> TokenStream {
        let ident = self.node.data_ident();
        let generics = self.data_generics();
        let (parameters, _, where_clause) = generics.split_for_impl();
        let fields = self.node.plain.iter().map(|Plain { name, ty, .. }| quote!(#name: #ty,));
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, reason = "the plain fields of an instance")]
            struct #ident #parameters #where_clause { #(#fields)* }
        }
    }

    /// The user's generics with a lifetime in front.
    pub fn with_lifetime(&self, name: &str, wanted: bool) -> Generics {
        let mut generics = self.node.generics.clone();
        if wanted {
            let lifetime = syn::Lifetime::new(name, Span::call_site());
            generics.params.insert(0, parse_quote!(#lifetime));
        }
        generics
    }

    /// The wiring struct with its lifetime, if it has one, set to `lifetime`.
    pub fn node_type(&self, lifetime: &str) -> TokenStream {
        let ident = &self.node.ident;
        let generics = self.with_lifetime(lifetime, self.node.borrows());
        let (_, arguments, _) = generics.split_for_impl();
        quote!(#ident #arguments)
    }

    pub fn outputs_type(&self) -> TokenStream {
        let ident = self.node.outputs_ident();
        let types: Vec<&Type> = self.node.outputs().map(|(_, slot)| &slot.ty).collect();
        let generics = used_generics(&self.node.generics, &types);
        let (_, arguments, _) = generics.split_for_impl();
        quote!(#ident #arguments)
    }

    pub fn data_generics(&self) -> Generics {
        let types: Vec<&Type> = self.node.plain.iter().map(|plain| &plain.ty).collect();
        used_generics(&self.node.generics, &types)
    }

    pub fn view_generics(&self) -> Generics {
        let slots = self.node.slots.iter().map(|slot| &slot.ty);
        let types: Vec<&Type> = slots.chain(self.node.plain.iter().map(|plain| &plain.ty)).collect();
        let mut generics = used_generics(&self.node.generics, &types);
        if !types.is_empty() {
            generics.params.insert(0, parse_quote!('v));
        }
        generics
    }

    /// A type of `vixen` over a resource, placed at the resource: there the compiler points if it is none.
    pub fn of_resource(&self, name: &str, resource: &Type) -> TokenStream {
        let (krate, name, span) = (self.krate, format_ident!("{name}"), resource.span());
        let path = respan(quote!(#krate::macro_support::#name), span);
        quote_spanned!(span=> #path<#resource>)
    }

    pub fn wire(&self, resource: &Type) -> TokenStream {
        self.of_resource("Wire", resource)
    }

    /// What a user fills in.
    pub fn wiring_type(&self, slot: &Slot) -> TokenStream {
        let resource = &slot.resource;
        let wire = self.wire(resource);
        let one = match slot.effect {
            Effect::Read => quote!(&'w #wire),
            Effect::Write => self.of_resource("Target", resource),
            Effect::ReadWrite | Effect::Create => wire,
        };
        self.shaped(&slot.shape, &one)
    }

    pub fn shaped(&self, shape: &Shape, one: &TokenStream) -> TokenStream {
        match shape {
            Shape::One => one.clone(),
            Shape::Optional => quote!(::core::option::Option<#one>),
            Shape::Array(length) => quote!([#one; #length]),
            Shape::Runtime(_) => quote!(::std::vec::Vec<#one>),
        }
    }

    pub fn view_type(&self, slot: &Slot) -> TokenStream {
        let (krate, resource) = (self.krate, &slot.resource);
        if self.node.args.kind == Kind::Host
            && let Some(element) = host_element(resource)
        {
            return if slot.kind == FieldKind::Host { quote!(&'v #element) } else { quote!(&'v mut #element) };
        }
        let span = resource.span();
        let path = respan(quote!(#krate::macro_support::Viewed), span);
        let one = quote_spanned!(span=> <#resource as #path>::View<'v>);
        match &slot.shape {
            Shape::Runtime(_) => quote!(#krate::macro_support::Views<'v, #resource>),
            shape => self.shaped(shape, &one),
        }
    }
}

/// `T` of a `Buffer<T>`.
pub fn host_element(resource: &Type) -> Option<&Type> {
    wrapped(resource).filter(|(name, _)| *name == "Buffer").map(|(_, element)| element)
}

/// The documentation among some attributes.
fn docs(attrs: &[syn::Attribute]) -> Vec<&syn::Attribute> {
    attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect()
}

/// A line of documentation where the user wrote none: fields become visible, so they need one.
fn missing_doc(attrs: &[syn::Attribute], doc: &str) -> Option<TokenStream> {
    docs(attrs).is_empty().then(|| quote!(#[doc = #doc]))
}

/// Parameters with bounds, and with defaults where the user gave them.
fn declared(generics: &Generics, parameters: &impl quote::ToTokens) -> TokenStream {
    let has_default = generics.type_params().any(|parameter| parameter.default.is_some());
    if has_default { quote!(#generics) } else { quote!(#parameters) }
}

/// Parameters without bounds, for an alias.
fn bare_parameters(generics: &Generics) -> Generics {
    let mut bare = generics.clone();
    bare.where_clause = None;
    for parameter in bare.type_params_mut() {
        parameter.colon_token = None;
        parameter.bounds.clear();
    }
    bare
}
