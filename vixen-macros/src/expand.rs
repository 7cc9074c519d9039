//! Expands the model: the implementation of `Node`, and what stands beside it.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::args::{EventArg, pipeline_constant};
use crate::check::Matches;
use crate::contract::{checks, elements, push_value, spec_value};
use crate::declaration::declaration;
use crate::model::{CreateArgs, FieldIndex, Node, Shape, respan};
use crate::shader::Shaders;
use crate::structs::{Expansion, host_element};
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
    let elements = if wrong { elements(node, krate) } else { TokenStream::new() };
    quote! { #elements #wiring #outputs #view #data #implementation #events #pipelines #checks }
}

impl Expansion<'_> {
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
        let events = self.event_list();
        let record = if wrong { quote!(let _ = context;) } else { self.record_body() };
        quote! {
            #[automatically_derived]
            #[allow(clippy::all, unused_qualifications, reason = "generated")]
            unsafe impl #parameters #krate::macro_support::Node for #node #where_clause {
                type Outputs = #outputs;
                type View<'v> = #view #view_arguments;
                const DECLARATION: #krate::macro_support::NodeDeclaration = #declaration;
                #events
                #check

                fn wire(self, __wiring: &mut #krate::macro_support::Wiring<'_>) -> #outputs { #wire }

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
            // `self` and `__wiring` are the generated function's: only the place is the user's.
            let span = Span::call_site().located_at(slot.resource.span());
            let method = match slot.shape {
                Shape::One => format_ident!("{method}"),
                Shape::Optional => format_ident!("{method}_optional"),
                Shape::Array(_) => format_ident!("{method}_array"),
                Shape::Runtime(_) => format_ident!("{method}_runtime"),
            };
            match (slot.effect, &slot.shape) {
                (Effect::Read, Shape::Runtime(_)) => quote_spanned!(span=> __wiring.#method(#index, &self.#name);),
                (Effect::Read, _) => quote_spanned!(span=> __wiring.#method(#index, self.#name);),
                _ => quote_spanned!(span=> let #name = __wiring.#method(#index, self.#name);),
            }
        });
        let krate = self.krate;
        let push = self.node.push().map(|push| {
            let (name, value) = (&push.name, push_value(&push.ty, krate));
            quote!(__wiring.push(#value.bytes, &self.#name);)
        });
        let spec = self.node.plain.iter().zip(&self.matches.spec).filter_map(|(plain, spec)| {
            let (name, offset) = (&plain.name, Literal::u32_suffixed(spec.as_ref()?.offset));
            let (value, argument) = (spec_value(&plain.ty, krate), quote!(self.#name));
            // At the type, where the checks are as well.
            let bits = quote_spanned!(plain.ty.span()=> #value::bits(#argument));
            Some(quote!(__wiring.spec(#offset, &#bits);))
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
        let kind = format_ident!("{}", self.node.args.kind.variant());
        // At the struct's name, where a missing implementation is reported.
        let function = format_ident!("{}", if self.node.args.kind == Kind::Host { "run" } else { "record" });
        let record = quote!(<#node as #krate::macro_support::#kind>::#function);
        let record = respan(record, self.node.ident.span());
        if self.node.args.kind == Kind::Host {
            return quote! {
                context.host::<#data #arguments>(|resolver, data, frame| {
                    let _ = (&resolver, &data);
                    let mut view = #view { #(#fields)* };
                    #record(&mut view, &frame.of())
                })
            };
        }
        let method = format_ident!("{}", self.node.args.kind.word());
        quote! {
            context.#method::<#node, #data #arguments>(|resolver, data, commands| {
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
                // Which has been reported.
                None => quote!(::core::unreachable!()),
            };
        }
        let span = Span::call_site().located_at(slot.resource.span());
        match &slot.shape {
            Shape::One => quote_spanned!(span=> resolver.one::<#resource>(#index)),
            Shape::Optional => quote_spanned!(span=> resolver.optional::<#resource>(#index)),
            Shape::Array(length) => quote_spanned!(span=> resolver.array::<#resource, { #length }>(#index)),
            Shape::Runtime(_) => quote_spanned!(span=> resolver.runtime::<#resource>(#index)),
        }
    }

    /// What compile makes the queues from.
    fn event_list(&self) -> Option<TokenStream> {
        let krate = self.krate;
        let declaration = quote!(#krate::macro_support::EventDeclaration);
        let emits = self
            .node
            .args
            .emits
            .iter()
            .map(|EventArg { ty, capacity }| quote!(#declaration::emits::<Self, #ty>(#capacity)));
        let receives = self
            .node
            .args
            .receives
            .iter()
            .map(|EventArg { ty, capacity }| quote!(#declaration::receives::<#ty>(#capacity)));
        let all: Vec<TokenStream> = emits.chain(receives).collect();
        (!all.is_empty()).then(|| quote!(const EVENTS: &'static [#declaration] = &[#(#all),*];))
    }

    fn events(&self) -> TokenStream {
        let (krate, node) = (self.krate, self.node_type("'w"));
        let generics = self.with_lifetime("'w", self.node.borrows());
        let (parameters, _, where_clause) = generics.split_for_impl();
        // Of what is emitted the trait knows that it is an event.
        let emits = self.node.args.emits.iter().map(|event| {
            let ty = &event.ty;
            (quote!(Emits), quote!(type Event = #ty;), event)
        });
        let receives = self.node.args.receives.iter().map(|event| (quote!(Receives), quote!(), event));
        emits
            .chain(receives)
            .map(|(name, known, EventArg { ty, capacity })| {
                quote! {
                    #[automatically_derived]
                    impl #parameters #krate::macro_support::#name<#ty> for #node #where_clause {
                        #known
                        const CAPACITY: u32 = #capacity;
                    }
                }
            })
            .collect()
    }

    fn pipeline_constants(&self) -> TokenStream {
        let (krate, vis, node) = (self.krate, &self.node.vis, self.node_type("'w"));
        let mut names = Vec::new();
        let constants: Vec<TokenStream> = self
            .shaders
            .programs
            .iter()
            .enumerate()
            .filter_map(|(index, program)| {
                let name = program.args.name.as_ref()?;
                // A second one of the name has been reported.
                if names.contains(&pipeline_constant(name)) {
                    return None;
                }
                names.push(pipeline_constant(name));
                let doc = format!("The pipeline `{}`.", name.value());
                // What is none has been reported.
                let ident = syn::parse_str::<Ident>(&pipeline_constant(name)).ok()?;
                let ident = Ident::new(&ident.to_string(), name.span());
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
