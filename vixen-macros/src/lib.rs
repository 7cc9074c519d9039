//! The macros of `vixen`: `#[node]` makes a struct into a node's wiring, `#[derive(Block)]` states the layout of plain data.
//!
//! Use them through `vixen`, which exports both and documents what they are for. A node goes through four phases:
//! `args` and `fields` parse it into the `model`, `shader` loads what it names, `check` compares the two, and `expand`
//! writes the result. What needs types and not only names becomes a call in const evaluation (`contract`).

mod args;
mod block;
mod cfg;
mod check;
mod compare;
mod contract;
mod declaration;
mod errors;
mod expand;
mod fields;
mod files;
mod generics;
mod implementation;
mod krate;
mod model;
mod node;
mod shader;
mod structs;
mod words;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, ItemStruct, parse_macro_input};

/// Makes a struct into a node, and its fields into slots; on an impl, says what the node does.
///
/// See the crate `vixen` for what the attributes mean.
#[proc_macro_attribute]
pub fn node(args: TokenStream, item: TokenStream) -> TokenStream {
    node::node(args.into(), item.into(), &files::Roots::of_call_site()).into()
}

/// States the layout of a `#[repr(C)]` struct, so that it can be compared with a shader's.
#[proc_macro_derive(Block, attributes(block))]
pub fn block(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    let errors = errors::Errors::default();
    let krate = block::explicit_crate(&input, &errors).unwrap_or_else(krate::path);
    let expanded = block::expand(&input, &krate, &errors);
    let errors = errors.into_tokens();
    quote!(#expanded #errors).into()
}

/// The second half of `#[node]` on a struct with `cfg`s on its fields. Not for users.
#[doc(hidden)]
#[proc_macro_derive(
    EvaluatedNode,
    attributes(
        vixen_node,
        vixen_type,
        uniform,
        storage,
        sampled,
        sampler,
        color,
        depth,
        vertex,
        index,
        indirect,
        transfer_source,
        transfer_destination,
        acceleration_structure,
        host,
        create,
        push,
        spec
    )
)]
pub fn evaluated_node(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    cfg::evaluated(item, &files::Roots::of_call_site()).into()
}
