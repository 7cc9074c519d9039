//! Expands `#[node] impl Compute for MyNode`: names the generated types that users never write.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, GenericArgument, ImplItem, ItemImpl, Path, PathArguments, PathSegment, Type, parse_quote};

use crate::errors::{Errors, one_of, similar};
use crate::model::alias_ident;
use crate::signature;
use crate::words::Kind;

/// The implementation, for the alias of the node that hides its lifetime, with `View` and `Commands` resolved.
pub fn expand(mut item: ItemImpl, krate: &Path, errors: &Errors) -> TokenStream {
    let Some(kind) = kind_of(&mut item, errors) else {
        let says_more = |item: &ImplItem| matches!(item, ImplItem::Fn(function) if function.sig.ident == "record");
        let forgotten = item.trait_.is_none() && item.items.iter().any(says_more);
        return if forgotten { of_any_kind(item, krate, errors) } else { item.into_token_stream() };
    };
    hide_lifetime(&mut item.self_ty, errors);
    let mut generated = Generated { krate, kind };
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else { continue };
        signature::check(function, kind, errors);
        for argument in &mut function.sig.inputs {
            if let FnArg::Typed(argument) = argument {
                generated.visit_type_mut(&mut argument.ty);
            }
        }
    }
    let (parameters, _, where_clause) = item.generics.split_for_impl();
    let (ty, name) = (&item.self_ty, item.trait_.as_ref().map_or_else(Span::call_site, |(path, _)| path.span()));
    let once = quote_spanned!(name=> impl #parameters #krate::macro_support::DoesOneThing for #ty #where_clause {});
    quote! {
        #item

        #[automatically_derived]
        #once
    }
}

/// In place of an impl that says not of what: so that nobody misses what it says.
fn of_any_kind(mut item: ItemImpl, krate: &Path, errors: &Errors) -> TokenStream {
    hide_lifetime(&mut item.self_ty, errors);
    let ItemImpl { generics, self_ty, .. } = &item;
    let (parameters, _, where_clause) = generics.split_for_impl();
    let recorded = kinds().filter(|kind| *kind != Kind::Host);
    let impls = recorded.map(|kind| {
        let (name, commands) = (format_ident!("{}", kind.variant()), format_ident!("{}Commands", kind.variant()));
        quote! {
            impl #parameters #krate::macro_support::#name for #self_ty #where_clause {
                fn record(
                    _: &<Self as #krate::macro_support::Node>::View<'_>,
                    _: &mut #krate::macro_support::NodeCommands<'_, Self, #krate::macro_support::#commands<'_>>,
                ) {}
            }
        }
    });
    impls.collect()
}

fn kinds() -> impl Iterator<Item = Kind> {
    Kind::WORDS.iter().filter_map(|word| Kind::of(word))
}

fn traits() -> Vec<&'static str> {
    kinds().map(Kind::variant).collect()
}

/// The kind by the name of the trait; a name that is only misspelt is put right, so that nothing else is reported.
fn kind_of(item: &mut ItemImpl, errors: &Errors) -> Option<Kind> {
    let of = |name: &str| kinds().find(|kind| kind.variant() == name);
    let expected = "`#[node]` on an impl wants one of the traits that say what a node does";
    let message = format!("{expected}: {}", one_of(traits()));
    let Some((path, _)) = &mut item.trait_ else {
        errors.over(&item.self_ty, message);
        return None;
    };
    let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    if let Some(kind) = of(&name) {
        return Some(kind);
    }
    let meant = similar(&name, traits());
    let hint = meant.map(|word| format!("; did you mean `{word}`?"));
    errors.over(&*path, format!("{message}{}", hint.unwrap_or_default()));
    let last = path.segments.last_mut()?;
    last.ident = Ident::new(meant?, last.ident.span());
    of(meant?)
}

/// `passes::March<T>` becomes `passes::__MarchNode<T>`.
fn hide_lifetime(ty: &mut Type, errors: &Errors) {
    if let Type::Path(path) = ty
        && let Some(segment) = path.path.segments.last_mut()
    {
        segment.ident = alias_ident(&segment.ident);
        drop_lifetimes(&mut segment.arguments);
    } else {
        errors.over(ty, "`#[node]` implements for the struct that it stands on: name that struct");
    }
}

/// The alias has no lifetime: `March<'_, T>` becomes `March<T>`.
fn drop_lifetimes(arguments: &mut PathArguments) {
    let PathArguments::AngleBracketed(list) = arguments else { return };
    let kept = std::mem::take(&mut list.args);
    list.args = kept.into_iter().filter(|argument| !matches!(argument, GenericArgument::Lifetime(_))).collect();
    if list.args.is_empty() {
        *arguments = PathArguments::None;
    }
}

/// Replaces the bare types `View` and `Commands`.
struct Generated<'a> {
    krate: &'a Path,
    kind: Kind,
}

impl VisitMut for Generated<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        let krate = self.krate;
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && path.path.segments.len() == 1
            && let Some(PathSegment { ident, arguments }) = path.path.segments.first()
        {
            let lifetime = match arguments {
                PathArguments::AngleBracketed(given) => given.args.to_token_stream(),
                _ => quote!('_),
            };
            if ident == "View" {
                *ty = parse_quote!(<Self as #krate::macro_support::Node>::View<#lifetime>);
                return;
            }
            if ident == "Commands" && self.kind != Kind::Host {
                let commands = format_ident!("{}Commands", self.kind.variant(), span = ident.span());
                let commands = quote!(#krate::macro_support::#commands<#lifetime>);
                *ty = parse_quote!(#krate::macro_support::NodeCommands<#lifetime, Self, #commands>);
                return;
            }
        }
        self.say_which_node(ty);
        visit_mut::visit_type_mut(self, ty);
    }
}

impl Generated<'_> {
    /// `FrameInfo` becomes `FrameInfo<'_, Self>`: the node says which events there are.
    fn say_which_node(&self, ty: &mut Type) {
        if self.kind == Kind::Host
            && let Type::Path(path) = ty
            && let Some(last) = path.path.segments.last_mut()
            && last.ident == "FrameInfo"
            && last.arguments.is_none()
        {
            last.arguments = PathArguments::AngleBracketed(parse_quote!(<'_, Self>));
        }
    }
}
