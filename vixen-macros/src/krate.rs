//! How generated code names `vixen`, which a user may have renamed.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, parse_quote};

/// `::vixen`, or what the crate that is being compiled calls it.
pub fn path() -> Path {
    let name = match crate_name("vixen") {
        Ok(FoundCrate::Name(name)) => name,
        // The crate itself says `extern crate self as vixen`. Where no manifest tells, the usual name is the best guess.
        Ok(FoundCrate::Itself) | Err(_) => "vixen".into(),
    };
    let name = Ident::new(&name, Span::call_site());
    parse_quote!(::#name)
}

/// The path that a user gave, as a name of the node's own: where nothing is at the path, the import of it is the one error.
pub fn import(path: &Path, node: &Ident) -> (TokenStream, Path) {
    let name = format_ident!("__{node}Vixen", span = Span::call_site());
    // All of it at the path, where the error is to be.
    let span = Span::call_site().located_at(path.span());
    let here = Ident::new(&name.to_string(), span);
    let import = quote_spanned!(span=> use #path as #here;);
    (quote!(#[allow(unused_imports, reason = "generated")] #import), parse_quote!(#name))
}
