//! Expands the model: the wiring struct, the outputs, the view, and the implementation of `Node`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Generics, Path, Type, parse_quote};

use crate::check::Matches;
use crate::contract::checks;
use crate::declaration::declaration;
use crate::generics::used_generics;
use crate::model::{CreateArgs, FieldIndex, Node, Plain, Shape, Slot, alias_ident, wrapped};
use crate::shader::Shaders;
use crate::words::{Effect, FieldKind, Kind};

/// Everything that a node becomes. Where something is `wrong`, `record` is left out, so that nothing else is reported.
pub fn expand(node: &Node, shaders: &Shaders, matches: &Matches, krate: &Path, wrong: bool) -> TokenStream {
    let expansion = Expansion { node, shaders, matches, krate };
    let wiring = expansion.wiring_struct();
    let outputs = expansion.outputs_struct();
    let view = expansion.view_struct();
    let data = expansion.data_struct();
    let implementation = expansion.node_impl(wrong);
    let events = expansion.events();
    let pipelines = expansion.pipeline_constants();
    let checks = if wrong || node.is_generic() { TokenStream::new() } else { checks(node, shaders, matches, krate) };
    quote! { #wiring #outputs #view #data #implementation #events #pipelines #checks }
}

struct Expansion<'a> {
    node: &'a Node,
    shaders: &'a Shaders,
    matches: &'a Matches,
    krate: &'a Path,
}

impl Expansion<'_> {
    fn wiring_struct(&self) -> TokenStream {
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
        let alias = alias_ident(ident);
        let alias_generics = bare_parameters(&self.node.generics);
        let target = self.node_type("'static");
        quote! {
            #(#attrs)*
            #vis struct #ident #parameters #where_clause { #(#fields)* }

            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, reason = "named by the node's other expansions")]
            #vis type #alias #alias_generics = #target;
        }
    }

    fn outputs_struct(&self) -> TokenStream {
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

    fn view_struct(&self) -> TokenStream {
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

    fn data_struct(&self) -> TokenStream {
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

    fn node_impl(&self, wrong: bool) -> TokenStream {
        let krate = self.krate;
        let generics = self.with_lifetime("'w", self.node.borrows());
        let (parameters, _, where_clause) = generics.split_for_impl();
        let node = self.node_type("'w");
        let outputs = self.outputs_type();
        let view = self.node.view_ident();
        let view_generics = self.view_generics();
        let (_, view_arguments, _) = view_generics.split_for_impl();
        let declaration =
            if wrong { self.empty_declaration() } else { declaration(self.node, self.shaders, self.matches, krate) };
        let check = (self.node.is_generic() && !wrong).then(|| {
            let checks = checks(self.node, self.shaders, self.matches, krate);
            quote! { const CHECK: () = { #checks }; }
        });
        let wire = self.wire_body();
        let record = if wrong { quote!(let _ = context;) } else { self.record_body() };
        quote! {
            #[automatically_derived]
            #[allow(clippy::all, unused_qualifications, reason = "generated")]
            impl #parameters #krate::macro_support::Node for #node #where_clause {
                type Outputs = #outputs;
                type View<'v> = #view #view_arguments;
                const DECLARATION: #krate::macro_support::NodeDeclaration = #declaration;
                #check

                fn wire(self, __wiring: &mut #krate::macro_support::Wiring<'_>) -> Self::Outputs { #wire }

                fn record(context: &mut #krate::macro_support::RecordContext<'_>) { #record }
            }
        }
    }

    fn wire_body(&self) -> TokenStream {
        let slots = self.node.slots.iter().enumerate().map(|(index, slot)| {
            let (index, name, resource) = (Literal::u32_suffixed(index as u32), &slot.name, &slot.resource);
            let method = match slot.effect {
                Effect::Create => {
                    return match &slot.create {
                        Some(CreateArgs::Length(len)) => {
                            quote!(let #name = __wiring.create_buffer::<#resource>(#index, #len);)
                        }
                        Some(CreateArgs::Extent(extent)) => {
                            quote!(let #name = __wiring.create_image::<#resource>(#index, #extent);)
                        }
                        None => quote!(let #name = __wiring.create_buffer::<#resource>(#index, 1u64);),
                    };
                }
                Effect::Read => "read",
                Effect::Write => "write",
                Effect::ReadWrite => "read_write",
            };
            let method = match slot.shape {
                Shape::One => format_ident!("{method}"),
                Shape::Optional => format_ident!("{method}_optional"),
                Shape::Array(_) => format_ident!("{method}_array"),
                Shape::Runtime(_) => format_ident!("{method}_runtime"),
            };
            match (slot.effect, &slot.shape) {
                (Effect::Read, Shape::Runtime(_)) => quote!(__wiring.#method(#index, &self.#name);),
                (Effect::Read, _) => quote!(__wiring.#method(#index, self.#name);),
                _ => quote!(let #name = __wiring.#method(#index, self.#name);),
            }
        });
        let push = self.node.push().map(|push| {
            let name = &push.name;
            quote!(__wiring.push(&self.#name);)
        });
        let krate = self.krate;
        let spec = self.node.plain.iter().zip(&self.matches.spec).filter_map(|(plain, spec)| {
            let (name, offset) = (&plain.name, Literal::u32_suffixed(spec.as_ref()?.offset));
            Some(quote!(__wiring.spec(#offset, &#krate::macro_support::SpecValue::bits(self.#name));))
        });
        let (data, outputs) = (self.node.data_ident(), self.node.outputs_ident());
        let plain = self.node.plain.iter().map(|plain| &plain.name);
        let names = self.node.outputs().map(|(_, slot)| &slot.name);
        quote! {
            #(#slots)*
            #push
            #(#spec)*
            __wiring.data(#data { #(#plain: self.#plain,)* });
            #outputs { #(#names,)* }
        }
    }

    fn record_body(&self) -> TokenStream {
        let (krate, view, data) = (self.krate, self.node.view_ident(), self.node.data_ident());
        let data_generics = self.data_generics();
        let (_, arguments, _) = data_generics.split_for_impl();
        let node = self.node_type("'static");
        let fields = self.node.order.iter().map(|&index| match index {
            FieldIndex::Slot(index) => {
                let name = &self.node.slots[index].name;
                let resolve = self.resolve(index);
                quote!(#name: #resolve,)
            }
            FieldIndex::Plain(index) => {
                let name = &self.node.plain[index].name;
                if self.node.args.kind == Kind::Host {
                    quote!(#name: &mut data.#name,)
                } else {
                    quote!(#name: &data.#name,)
                }
            }
        });
        let kind = format_ident!("{}", self.node.args.kind.variant(), span = self.node.ident.span());
        // At the struct's name, where a missing implementation is reported.
        let record = match self.node.args.kind {
            Kind::Host => quote::quote_spanned!(self.node.ident.span()=> <#node as #krate::macro_support::#kind>::run),
            _ => quote::quote_spanned!(self.node.ident.span()=> <#node as #krate::macro_support::#kind>::record),
        };
        if self.node.args.kind == Kind::Host {
            return quote! {
                context.host::<#data #arguments>(|resolver, data, frame| {
                    let _ = (&resolver, &data);
                    let mut view = #view { #(#fields)* };
                    #record(&mut view, frame)
                })
            };
        }
        let method = format_ident!("{}", self.node.args.kind.word());
        quote! {
            context.#method::<#data #arguments>(|resolver, data, commands| {
                let _ = (&resolver, &data);
                let view = #view { #(#fields)* };
                #record(&view, commands)
            })
        }
    }

    fn resolve(&self, index: usize) -> TokenStream {
        let slot = &self.node.slots[index];
        let (index, resource) = (Literal::u32_suffixed(index as u32), &slot.resource);
        if self.node.args.kind == Kind::Host {
            let access = if slot.kind == FieldKind::Host { "read" } else { "write" };
            return match host_element(&slot.resource) {
                Some(Type::Slice(slice)) => {
                    let (method, element) = (format_ident!("host_{access}_slice"), &slice.elem);
                    quote!(resolver.#method::<#element>(#index))
                }
                Some(element) => {
                    let method = format_ident!("host_{access}");
                    quote!(resolver.#method::<#element>(#index))
                }
                None => quote!(::core::compile_error!("a host slot is a `Buffer<..>`")),
            };
        }
        match &slot.shape {
            Shape::One => quote!(resolver.one::<#resource>(#index)),
            Shape::Optional => quote!(resolver.optional::<#resource>(#index)),
            Shape::Array(length) => quote!(resolver.array::<#resource, { #length }>(#index)),
            Shape::Runtime(_) => quote!(resolver.runtime::<#resource>(#index)),
        }
    }

    fn events(&self) -> TokenStream {
        let (krate, node) = (self.krate, self.node_type("'w"));
        let generics = self.with_lifetime("'w", self.node.borrows());
        let (parameters, _, where_clause) = generics.split_for_impl();
        let emits = self.node.args.emits.iter().map(|event| (quote!(Emits), event));
        let receives = self.node.args.receives.iter().map(|event| (quote!(Receives), event));
        emits
            .chain(receives)
            .map(|(name, event)| {
                let (ty, capacity) = (&event.ty, &event.capacity);
                quote! {
                    #[automatically_derived]
                    impl #parameters #krate::macro_support::#name<#ty> for #node #where_clause {
                        const CAPACITY: u32 = #capacity;
                    }
                }
            })
            .collect()
    }

    fn pipeline_constants(&self) -> TokenStream {
        let (krate, vis, node) = (self.krate, &self.node.vis, self.node_type("'w"));
        let constants: Vec<TokenStream> = self
            .shaders
            .programs
            .iter()
            .enumerate()
            .filter_map(|(index, program)| {
                let name = program.args.name.as_ref()?;
                let doc = format!("The pipeline `{}`.", name.value());
                let ident = Ident::new(&name.value().to_uppercase().replace('-', "_"), name.span());
                let index = Literal::u32_suffixed(index as u32);
                Some(quote! {
                    #[doc = #doc]
                    #vis const #ident: #krate::macro_support::PipelineIndex = #krate::macro_support::PipelineIndex(#index);
                })
            })
            .collect();
        if constants.is_empty() {
            return TokenStream::new();
        }
        let generics = self.with_lifetime("'w", self.node.borrows());
        let (parameters, _, where_clause) = generics.split_for_impl();
        quote! {
            #[allow(dead_code, reason = "which pipelines are bound is up to `record`")]
            impl #parameters #node #where_clause { #(#constants)* }
        }
    }

    /// The user's generics with a lifetime in front.
    fn with_lifetime(&self, name: &str, wanted: bool) -> Generics {
        let mut generics = self.node.generics.clone();
        if wanted {
            let lifetime = syn::Lifetime::new(name, proc_macro2::Span::call_site());
            generics.params.insert(0, parse_quote!(#lifetime));
        }
        generics
    }

    /// The wiring struct with its lifetime, if it has one, set to `lifetime`.
    fn node_type(&self, lifetime: &str) -> TokenStream {
        let ident = &self.node.ident;
        let generics = self.with_lifetime(lifetime, self.node.borrows());
        let (_, arguments, _) = generics.split_for_impl();
        quote!(#ident #arguments)
    }

    fn outputs_type(&self) -> TokenStream {
        let ident = self.node.outputs_ident();
        let types: Vec<&Type> = self.node.outputs().map(|(_, slot)| &slot.ty).collect();
        let generics = used_generics(&self.node.generics, &types);
        let (_, arguments, _) = generics.split_for_impl();
        quote!(#ident #arguments)
    }

    fn data_generics(&self) -> Generics {
        let types: Vec<&Type> = self.node.plain.iter().map(|plain| &plain.ty).collect();
        used_generics(&self.node.generics, &types)
    }

    fn view_generics(&self) -> Generics {
        let slots = self.node.slots.iter().map(|slot| &slot.ty);
        let types: Vec<&Type> = slots.chain(self.node.plain.iter().map(|plain| &plain.ty)).collect();
        let mut generics = used_generics(&self.node.generics, &types);
        if !types.is_empty() {
            generics.params.insert(0, parse_quote!('v));
        }
        generics
    }

    fn wire(&self, resource: &Type) -> TokenStream {
        let krate = self.krate;
        quote!(#krate::macro_support::Wire<#resource>)
    }

    /// What a user fills in.
    fn wiring_type(&self, slot: &Slot) -> TokenStream {
        let (krate, resource) = (self.krate, &slot.resource);
        let wire = self.wire(resource);
        let one = match slot.effect {
            Effect::Read => quote!(&'w #wire),
            Effect::Write => quote!(#krate::macro_support::Target<#resource>),
            Effect::ReadWrite | Effect::Create => wire,
        };
        self.shaped(&slot.shape, &one)
    }

    fn shaped(&self, shape: &Shape, one: &TokenStream) -> TokenStream {
        match shape {
            Shape::One => one.clone(),
            Shape::Optional => quote!(::core::option::Option<#one>),
            Shape::Array(length) => quote!([#one; #length]),
            Shape::Runtime(_) => quote!(::std::vec::Vec<#one>),
        }
    }

    fn view_type(&self, slot: &Slot) -> TokenStream {
        let (krate, resource) = (self.krate, &slot.resource);
        if self.node.args.kind == Kind::Host
            && let Some(element) = host_element(resource)
        {
            return if slot.kind == FieldKind::Host { quote!(&'v #element) } else { quote!(&'v mut #element) };
        }
        let one = quote!(<#resource as #krate::macro_support::Resource>::View<'v>);
        match &slot.shape {
            Shape::Runtime(_) => quote!(#krate::macro_support::Views<'v, #resource>),
            shape => self.shaped(shape, &one),
        }
    }

    /// A declaration for a node that does not compile anyway.
    fn empty_declaration(&self) -> TokenStream {
        let (krate, name) = (self.krate, self.node.ident.to_string());
        quote! {
            #krate::macro_support::NodeDeclaration {
                name: #name,
                kind: #krate::macro_support::NodeKind::Compute,
                dynamic: false,
                slots: &[],
                programs: &[],
                push: ::core::option::Option::None,
                spec_bytes: 0,
                samplers: &[],
                requirements: #krate::macro_support::Requirements::NONE,
            }
        }
    }
}

/// `T` of a `Buffer<T>`.
fn host_element(resource: &Type) -> Option<&Type> {
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
