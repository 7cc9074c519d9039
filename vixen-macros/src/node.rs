//! `#[node]` from its tokens to its expansion.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, ExprLit, Item, ItemImpl, ItemStruct, Lit};

use crate::args::NodeArgs;
use crate::check::check;
use crate::errors::Errors;
use crate::expand::expand;
use crate::fields::model;
use crate::files::Roots;
use crate::shader::Shaders;
use crate::words::Kind;
use crate::{cfg, implementation, krate};

/// Expands the attribute on a struct or an impl.
pub fn node(args: TokenStream, item: TokenStream, roots: &Roots) -> TokenStream {
    let errors = Errors::default();
    let parsed = syn::parse2::<Item>(item.clone()).map(|item| declared_once(item, &errors));
    let expanded = match parsed {
        Ok(Item::Struct(item)) if cfg::needs_evaluation(&item) => cfg::evaluate_first(args, item),
        Ok(Item::Struct(item)) => node_struct(args, item, roots, &errors),
        Ok(Item::Impl(item)) => {
            let path = match syn::parse2::<ImplArgs>(args) {
                Ok(ImplArgs(path)) => path,
                Err(error) => {
                    errors.add(error);
                    None
                }
            };
            implementation::expand(item, &path.unwrap_or_else(krate::path), &errors)
        }
        Ok(other) => {
            let message = "`#[node]` stands on a struct, whose fields are slots, or on an impl of `Compute`, `Graphics`, `RayTracing`, `Transfer` or `Host`";
            errors.at(first_span(&other), message);
            item
        }
        Err(error) => {
            errors.add(error);
            item
        }
    };
    let errors = errors.into_tokens();
    quote::quote!(#expanded #errors)
}

/// Without further `#[node]`s, which would find what the first has made of the struct.
fn declared_once(mut item: Item, errors: &Errors) -> Item {
    let (Item::Struct(ItemStruct { attrs, .. }) | Item::Impl(ItemImpl { attrs, .. })) = &mut item else { return item };
    attrs.retain(|attribute| {
        let again = attribute.path().segments.last().is_some_and(|segment| segment.ident == "node");
        if again {
            errors.over(attribute, "`#[node]` stands here already; say all in one");
        }
        !again
    });
    item
}

/// Expands the attribute on a struct whose `cfg`s have been evaluated.
pub fn node_struct(args: TokenStream, item: ItemStruct, roots: &Roots, errors: &Errors) -> TokenStream {
    let args = (|input: ParseStream<'_>| Ok(NodeArgs::parse(input, errors))).parse2(args);
    let mut args = match args {
        Ok(args) => args,
        Err(error) => {
            errors.add(error);
            return item.into_token_stream();
        }
    };
    check_events(&mut args, errors);
    let shaders = Shaders::load(&mut args, roots, errors);
    let (import, krate) = match &args.krate {
        Some(path) => krate::import(path, &item.ident),
        None => (TokenStream::new(), krate::path()),
    };
    let mut node = model(args, item, errors);
    let matches = check(&mut node, &shaders, errors);
    let expanded = expand(&node, &shaders, &matches, &krate, !errors.is_empty());
    quote::quote!(#import #expanded)
}

/// What is recorded once is not there in a frame to emit or receive anything; and an event has one queue, with room.
fn check_events(args: &mut NodeArgs, errors: &Errors) {
    for events in [&mut args.emits, &mut args.receives] {
        let mut types: Vec<String> = Vec::new();
        events.retain(|event| {
            let ty = event.ty.to_token_stream().to_string();
            let first = !types.contains(&ty);
            if !first {
                errors.over(&event.ty, "this event is declared already; say once how many a frame has room for");
            }
            types.push(ty);
            if is_zero(&event.capacity) {
                errors.over(
                    &event.capacity,
                    "a frame has room for one event at least; leave out an event that there is none of",
                );
            }
            first
        });
    }
    if args.dynamic || args.kind == Kind::Host {
        return;
    }
    if let Some(event) = args.emits.iter().chain(&args.receives).next() {
        let message = format!(
            "{} is recorded once, and emits and receives nothing in a frame; add `dynamic`, so that it is recorded in each",
            args.kind.described()
        );
        errors.over(&event.ty, message);
    }
}

/// Whether an expression is the number zero, as far as that can be seen.
fn is_zero(expression: &Expr) -> bool {
    matches!(expression, Expr::Lit(ExprLit { lit: Lit::Int(number), .. })
        if number.base10_parse::<u64>().is_ok_and(|number| number == 0))
}

fn first_span(tokens: &impl ToTokens) -> proc_macro2::Span {
    tokens.to_token_stream().into_iter().next().map_or_else(proc_macro2::Span::call_site, |token| token.span())
}

/// Arguments on an impl: nothing, or `crate = path`.
struct ImplArgs(Option<syn::Path>);

impl Parse for ImplArgs {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Self(None));
        }
        if !input.peek(syn::Token![crate]) {
            return Err(
                input.error("on an impl `#[node]` takes nothing but `crate = path`; the kind stands on the struct")
            );
        }
        input.parse::<syn::Token![crate]>()?;
        input.parse::<syn::Token![=]>()?;
        input.parse().map(|path| Self(Some(path)))
    }
}
