//! Expands `#[derive(Block)]`: the layout of a struct, and the proof that it has no padding.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Path, Type};

use crate::errors::Errors;

/// The implementation, or nothing where the struct cannot be a block.
pub fn expand(input: &DeriveInput, krate: &Path, errors: &Errors) -> TokenStream {
    let Some(fields) = fields(input, errors) else { return TokenStream::new() };
    let ident = &input.ident;
    let is_repr_c = is_repr_c(input);
    if !is_repr_c {
        errors
            .over(ident, format!("`{ident}` needs `#[repr(C)]`: without it Rust may lay its members out in any order"));
    }
    let mut generics = input.generics.clone();
    for field in &fields {
        let ty = &field.ty;
        if input.generics.type_params().next().is_some() {
            generics.make_where_clause().predicates.push(syn::parse_quote!(#ty: #krate::macro_support::Block));
        }
    }
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(#krate::macro_support::Block));
    }
    let (parameters, arguments, where_clause) = generics.split_for_impl();
    let name = ident.to_string();
    let names: Vec<&Ident> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let texts: Vec<String> = names.iter().map(|name| name.to_string().trim_start_matches("r#").to_owned()).collect();
    let types: Vec<TokenStream> = fields
        .iter()
        .map(|field| {
            let ty = &field.ty;
            quote_spanned!(ty.span()=> <#ty as #krate::macro_support::BlockMember>::MEMBER)
        })
        .collect();
    let sizes: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
    let padding = quote_spanned!(ident.span()=> #krate::macro_support::check_padding);
    let padding = |of: TokenStream| {
        let arguments = quote! {
            (#name, ::core::mem::size_of::<#of>(), &[#((
                #texts,
                ::core::mem::offset_of!(#of, #names),
                ::core::mem::size_of::<#sizes>(),
            ),)*])
        };
        quote_spanned!(ident.span()=> #padding #arguments;)
    };
    // Where the types are known it is checked at once, so that padding is an error even if nothing uses the block; and beside
    // the impl, so that a type that is not `Copy` is one error. It asks for members in the words of the impl, so that one that
    // is no block is one error too. Without `repr(C)` there is an error already, and the impl spares whoever uses the block one more.
    let (inside, beside) = if !is_repr_c {
        (None, None)
    } else if input.generics.params.is_empty() {
        let check = padding(quote!(#ident));
        (None, Some(quote_spanned!(ident.span()=> const _: () = { #(let _ = #types;)* #check };)))
    } else {
        (Some(padding(quote!(Self))), None)
    };
    quote! {
        // SAFETY: `repr(C)` fixes the layout that `TYPE` states member by member; `check_padding` fails to evaluate where a
        // byte belongs to no member; every member is a `Block`, so that its bytes are initialised and of any pattern.
        #[automatically_derived]
        #[allow(unused_qualifications, reason = "generated")]
        unsafe impl #parameters #krate::macro_support::Block for #ident #arguments #where_clause {
            const TYPE: #krate::macro_support::BlockType = {
                #inside
                #krate::macro_support::BlockType {
                    name: #name,
                    size: ::core::mem::size_of::<Self>() as u32,
                    bare: ::core::option::Option::None,
                    members: &[#(#krate::macro_support::Member {
                        name: #texts,
                        offset: ::core::mem::offset_of!(Self, #names) as u32,
                        ty: #types,
                    },)*],
                }
            };
        }
        #beside
    }
}

/// The fields of a struct that can be a block.
fn fields<'a>(input: &'a DeriveInput, errors: &Errors) -> Option<Vec<&'a Field>> {
    let Data::Struct(data) = &input.data else {
        errors.over(&input.ident, "only a struct can be a block: shaders know neither enums nor unions");
        return None;
    };
    let Fields::Named(named) = &data.fields else {
        errors
            .over(&input.ident, "a block's members need names, which the shader's are compared with: use named fields");
        return None;
    };
    if named.named.is_empty() {
        errors.over(&input.ident, "a block needs a member");
        return None;
    }
    Some(named.named.iter().collect())
}

fn is_repr_c(input: &DeriveInput) -> bool {
    input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")).any(|attribute| {
        let mut found = false;
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("C");
            if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<TokenStream>()?;
            }
            Ok(())
        });
        found
    })
}

/// The path in `#[block(crate = path)]`.
pub fn explicit_crate(input: &DeriveInput, errors: &Errors) -> Option<Path> {
    let mut path = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("block")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("`#[block]` takes nothing but `crate = path`"));
            }
            path = Some(meta.value()?.parse()?);
            Ok(())
        });
        if let Err(error) = parsed {
            errors.add(error);
        }
    }
    path
}
