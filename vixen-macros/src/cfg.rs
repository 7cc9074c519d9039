//! `cfg` on fields: an attribute macro sees fields that are configured out, a derive does not.
//!
//! Such a struct goes through a derive first. What the derive cannot see is carried in an attribute.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Fields, Generics, Ident, ItemStruct, Token, Visibility, braced, parse_quote};

use crate::args::NodeArgs;
use crate::errors::Errors;
use crate::files::Roots;
use crate::krate;
use crate::node::node_struct;

/// Whether a field has a `cfg` or a `cfg_attr`, or the struct itself a `cfg` behind `#[node]`.
pub fn needs_evaluation(item: &ItemStruct) -> bool {
    let conditional = |attribute: &Attribute| is_cfg(attribute) || attribute.path().is_ident("cfg_attr");
    item.attrs.iter().any(is_cfg) || item.fields.iter().any(|field| field.attrs.iter().any(conditional))
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

/// A struct under another name, whose derive expands the node.
pub fn evaluate_first(args: TokenStream, item: ItemStruct) -> TokenStream {
    let krate = explicit_crate(&args).unwrap_or_else(krate::path);
    let ItemStruct { attrs, vis, ident, generics, mut fields, .. } = item;
    for field in &mut fields {
        let ty = std::mem::replace(&mut field.ty, parse_quote!(()));
        field.attrs.push(parse_quote!(#[vixen_type(#ty)]));
    }
    let (cfgs, attrs): (Vec<_>, Vec<_>) = attrs.into_iter().partition(is_cfg);
    let hidden = format_ident!("__{ident}Declared");
    let where_clause = &generics.where_clause;
    let semi = matches!(fields, Fields::Unit).then(|| quote!(;));
    quote! {
        #(#cfgs)*
        #[derive(#krate::macro_support::EvaluatedNode)]
        #[vixen_node({ #args } { #(#attrs)* } { #vis #ident #generics #where_clause })]
        #[allow(non_camel_case_types, dead_code, reason = "the fields that this configuration has")]
        struct #hidden #fields #semi
    }
}

/// Expands the struct that [`evaluate_first`] hid.
pub fn evaluated(item: ItemStruct, roots: &Roots) -> TokenStream {
    let errors = Errors::default();
    let carried = item.attrs.iter().find(|attribute| attribute.path().is_ident("vixen_node"));
    let carried = carried.ok_or_else(|| syn::Error::new_spanned(&item, "this derive is internal to `#[node]`"));
    let expanded = match carried.and_then(Attribute::parse_args::<Carried>) {
        Ok(Carried { args, attrs, vis, ident, generics }) => {
            let mut fields = item.fields;
            restore_types(&mut fields, &errors);
            let item =
                ItemStruct { attrs, vis, ident, generics, fields, semi_token: None, struct_token: item.struct_token };
            node_struct(args, item, roots, &errors)
        }
        Err(error) => {
            errors.add(error);
            TokenStream::new()
        }
    };
    let errors = errors.into_tokens();
    quote!(#expanded #errors)
}

fn restore_types(fields: &mut Fields, errors: &Errors) {
    for field in fields {
        field.attrs.retain(|attribute| {
            if !attribute.path().is_ident("vixen_type") {
                return !attribute.path().is_ident("cfg");
            }
            match attribute.parse_args() {
                Ok(ty) => field.ty = ty,
                Err(error) => errors.add(error),
            }
            false
        });
    }
}

fn explicit_crate(args: &TokenStream) -> Option<syn::Path> {
    use syn::parse::Parser;
    let ignored = Errors::default();
    (|input: ParseStream<'_>| Ok(NodeArgs::parse(input, &ignored))).parse2(args.clone()).ok()?.krate
}

/// What the derive cannot see.
struct Carried {
    args: TokenStream,
    attrs: Vec<Attribute>,
    vis: Visibility,
    ident: Ident,
    generics: Generics,
}

impl Parse for Carried {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (args, attrs, head);
        braced!(args in input);
        braced!(attrs in input);
        braced!(head in input);
        let args = args.parse()?;
        let attrs = attrs.call(Attribute::parse_outer)?;
        let (vis, ident) = (head.parse()?, head.parse()?);
        let mut generics: Generics = head.parse()?;
        if head.peek(Token![where]) {
            generics.where_clause = head.parse()?;
        }
        Ok(Self { args, attrs, vis, ident, generics })
    }
}
