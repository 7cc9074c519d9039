//! Expansions as tokens, over modules of other compilers than `ui-tests` uses: those are compiled and run, these are not.

use proc_macro2::TokenStream;
use quote::quote;

use crate::files::Roots;
use crate::node::node;

fn expand(args: TokenStream, item: TokenStream) -> String {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../vixen-spirv/tests/fixtures");
    let roots = Roots { manifest: Some(fixtures.into()), source: None };
    node(args, item, &roots).to_string()
}

/// The messages among the tokens, or that there is none.
fn assert_expands(expanded: &str) {
    let messages: Vec<&str> = expanded.split("compile_error ! {").skip(1).collect();
    assert!(messages.is_empty(), "{messages:#?}");
}

#[test]
fn hlsl_is_matched_by_its_names() {
    let expanded = expand(
        quote!(compute, shader = "structured.spv"),
        quote! {
            struct Move {
                #[uniform] settings: Buffer<Settings>,
                #[storage] source: Buffer<[Particle]>,
                #[storage(write)] target: Buffer<[Particle]>,
                #[storage(write)] color: Image<Rgba16Float>,
                #[sampled] picture: Image<Rgba16Float>,
                #[sampler(linear)] smooth: Sampler,
            }
        },
    );
    assert_expands(&expanded);
    // The constant buffer's members came through, matrix and all.
    for name in ["\"gravity\"", "\"weights\"", "\"basis\""] {
        assert!(expanded.contains(name), "{name} is not compared");
    }
}

#[test]
fn slang_is_matched_by_its_names() {
    let expanded = expand(
        quote!(compute, shader = "particles.spv#main"),
        quote! {
            struct Move {
                #[uniform] settings: Buffer<Settings>,
                #[storage] source: Buffer<[Particle]>,
                #[storage(write)] target: Buffer<[Particle]>,
                #[storage(read_write)] counters: Buffer<[u32]>,
                #[storage] only_read: Buffer<[f32]>,
                #[storage(read_write)] raw: Buffer<[u32]>,
                #[storage(write, set = 1, binding = 0)] image: Image<Rgba16Float>,
                #[storage(set = 1, binding = 1)] list: Buffer<[Particle]>,
                #[storage(write)] color: Image<Rgba16Float>,
                #[sampled] pictures: [Image<Rgba16Float>; 3],
                #[sampled(linear)] combined: Image<Rgba16Float>,
                #[sampler(linear)] smooth: Sampler,
                #[acceleration_structure] world: AccelerationStructure,
                #[push] push: Push,
                #[spec(id = 4)] mode: i32,
            }
        },
    );
    assert_expands(&expanded);
}

#[test]
fn a_read_slot_that_slang_stores_to_is_found() {
    let expanded = expand(
        quote!(compute, shader = "structured.spv"),
        quote!(
            struct Move {
                #[storage]
                target: Buffer<[Particle]>,
            }
        ),
    );
    assert!(expanded.contains("the slot only reads, but `structured.spv` may store to `target`"), "{expanded}");
}

#[test]
fn what_is_wrong_still_becomes_a_node() {
    let expanded = expand(
        quote!(compute, shader = "none.spv"),
        quote!(
            pub struct March {
                #[uniform]
                camera: Buffer<Camera>,
            }
        ),
    );
    assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
    for part in
        ["pub struct March < 'w >", "pub struct MarchOutputs", "pub struct MarchView < 'v >", "pub type __MarchNode = "]
    {
        assert!(expanded.contains(part), "{part} is missing in {expanded}");
    }
}

#[test]
fn an_entry_point_that_is_not_there_is_named() {
    let expanded = expand(
        quote!(compute, shader = "structured.spv#blur"),
        quote!(
            struct Blur;
        ),
    );
    assert!(expanded.contains("no entry point `blur`; it has `main`"), "{expanded}");
}
