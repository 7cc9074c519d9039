//! How generated code names `vixen`, which a user may have renamed.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span};
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
