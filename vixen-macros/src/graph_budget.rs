//! `#[graph]`: a function that builds a graph, the sum of what it adds, and the budget of that sum.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, FnArg, GenericParam, ItemFn, Pat, Path, Token, Type, parenthesized, parse_quote};

use crate::errors::{Errors, one_of, similar};
use crate::graph_budget_walk::{Adds, walk};
use crate::krate;
use crate::model::respan;

/// Expands the attribute on a function.
pub fn graph(args: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let args = syn::parse2::<GraphArgs>(args).unwrap_or_else(|error| {
        errors.add(error);
        GraphArgs::default()
    });
    let expanded = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => expand(&args, function, &errors),
        Err(error) => {
            errors
                .at(error.span(), "`#[graph]` stands on a function that builds a graph: `fn bloom(graph: &Graph, ..)`");
            item
        }
    };
    let errors = errors.into_tokens();
    quote!(#expanded #errors)
}

fn expand(args: &GraphArgs, mut function: ItemFn, errors: &Errors) -> TokenStream {
    if let Some(receiver) = function.sig.receiver() {
        let message = "a `#[graph]` function is no method: its sum stands beside it, and an impl has no place for that; move it \
                       out of the impl and give it what it needs of `self`";
        errors.over(receiver, message);
        return function.into_token_stream();
    }
    let krate = args.krate.clone().unwrap_or_else(krate::path);
    let adds = match graph_parameter(&function, errors) {
        Some(graph) => walk(&graph, &mut function, &krate, errors),
        None => Vec::new(),
    };
    // One mistake gives one message: what calls this function can be compiled all the same.
    let adds = if errors.is_empty() { adds } else { Vec::new() };
    let sum = sum(&adds, &function, &krate);
    let checks = checks(args, &function, &krate);
    if is_generic(&function) {
        // What it needs is known where it is called, with its types.
        function.block.stmts.insert(0, parse_quote!(const { #(#checks)* };));
        return quote!(#function #sum);
    }
    let cfgs = cfgs(&function);
    let checks = checks.into_iter().map(|check| quote!(#(#cfgs)* const _: () = #check));
    quote!(#function #sum #(#checks)*)
}

/// The conditions under which there is a function: what stands beside it is there under the same.
fn cfgs(function: &ItemFn) -> Vec<&Attribute> {
    function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect()
}

/// Whether what it needs depends on types or constants.
fn is_generic(function: &ItemFn) -> bool {
    function.sig.generics.params.iter().any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

/// What the function adds, as constants of a type without values beside it: its names mean there what they mean in the
/// function, wherever that stands.
fn sum(adds: &[Adds], function: &ItemFn, krate: &Path) -> TokenStream {
    let (vis, name) = (&function.vis, &function.sig.ident);
    let (parameters, _, where_clause) = function.sig.generics.split_for_impl();
    let (arguments, cfgs_of_function) = (arguments(function), cfgs(function));
    let items = adds.iter().map(|adds| {
        let (cfgs, requirements) = (&adds.cfgs, adds.requirements(krate));
        let (name, times) = (&adds.name, &adds.times);
        quote! {
            #(#cfgs)* #krate::macro_support::Contribution {
                name: #name,
                times: 1u32 #(.saturating_mul((#times) as u32))*,
                requirements: #requirements,
            }
        }
    });
    let doc = format!("What [`{name}`](fn@{name}) adds to a graph, as a constant.");
    let sum = format!("The sum of the requirements of all nodes that [`{name}`](fn@{name}) adds.");
    let constant = (!is_generic(function)).then(|| {
        quote! {
            #[doc = #sum]
            pub const REQUIREMENTS: #krate::graph::Requirements = Self::requirements();
        }
    });
    quote! {
        #(#cfgs_of_function)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code, reason = "it is named as the function is, and not every sum is asked for")]
        #vis enum #name {}

        #(#cfgs_of_function)*
        #[allow(dead_code, unused_qualifications, unused_parens, unused_braces, elided_lifetimes_in_paths, private_bounds, clippy::all, reason = "generated")]
        impl #name {
            #constant

            #[doc = #sum]
            pub const fn requirements #parameters () -> #krate::graph::Requirements #where_clause {
                #krate::graph::Requirements::sum(Self::__adds #arguments ())
            }

            #[doc(hidden)]
            pub const fn __adds #parameters () -> &'static [#krate::macro_support::Contribution] #where_clause {
                const { &[#(#items),*] }
            }
        }
    }
}

/// One comparison for each limit of the budget, where the limit is written.
fn checks(args: &GraphArgs, function: &ItemFn, krate: &Path) -> Vec<TokenStream> {
    let name = &function.sig.ident;
    let (shown, arguments) = (name.to_string(), arguments(function));
    let checks = args.budget.iter().map(|limit| {
        let (limited, value) = (format_ident!("{}", limit.variant), &limit.value);
        let check = quote! {
            #krate::macro_support::check_budget(
                #shown, #krate::macro_support::Limited::#limited, (#value) as i128, #name::__adds #arguments (),
            );
        };
        respan(check, Span::call_site().located_at(limit.name.span()))
    });
    checks.collect()
}

/// The function's type and const parameters as arguments; lifetimes are inferred.
fn arguments(function: &ItemFn) -> TokenStream {
    let names = function.sig.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(ty) => Some(&ty.ident),
        GenericParam::Const(value) => Some(&value.ident),
        GenericParam::Lifetime(_) => None,
    });
    let names: Vec<_> = names.collect();
    if names.is_empty() { TokenStream::new() } else { quote!(::<#(#names),*>) }
}

/// The parameter that is the graph; says what is wrong with a signature that has none.
fn graph_parameter(function: &ItemFn, errors: &Errors) -> Option<Ident> {
    let signature = &function.sig;
    let mut graphs = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) if is_graph(&input.ty) => Some(&*input.pat),
        _ => None,
    });
    match (graphs.next(), graphs.next()) {
        (Some(Pat::Ident(graph)), None) => Some(graph.ident.clone()),
        (Some(pattern), None) => {
            errors.over(pattern, "a `#[graph]` function gives its graph a name");
            None
        }
        (Some(_), Some(second)) => {
            errors.over(second, "a `#[graph]` function builds one graph");
            None
        }
        (None, _) => {
            errors.over(&signature.ident, "a `#[graph]` function takes the graph that it adds to: `graph: &Graph`");
            None
        }
    }
}

fn is_graph(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    matches!(&*reference.elem, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Graph"))
}

/// What stands in `#[graph(..)]`.
#[derive(Default)]
struct GraphArgs {
    budget: Vec<Limit>,
    krate: Option<Path>,
}

/// One limit of a budget.
struct Limit {
    name: Ident,
    variant: &'static str,
    value: Expr,
}

/// What a budget can limit, and the variant of `Limited` that it is.
const LIMITS: [(&str, &str); 4] =
    [("descriptors", "Descriptors"), ("events", "Events"), ("staging", "Staging"), ("history", "History")];

impl Parse for GraphArgs {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut args = Self::default();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                args.krate = Some(input.parse()?);
            } else {
                let name: Ident = input.parse()?;
                if name != "budget" {
                    let message =
                        format!("`{name}` is nothing that `#[graph]` knows; it takes `budget(..)` and `crate = path`");
                    return Err(syn::Error::new(name.span(), message));
                }
                let content;
                parenthesized!(content in input);
                args.budget.extend(content.parse_terminated(Limit::parse, Token![,])?);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        for (index, limit) in args.budget.iter().enumerate() {
            if args.budget[..index].iter().any(|other| other.variant == limit.variant) {
                return Err(syn::Error::new(limit.name.span(), format!("`{}` is limited twice", limit.name)));
            }
        }
        Ok(args)
    }
}

impl Parse for Limit {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let Some((_, variant)) = LIMITS.iter().find(|(word, _)| name == word) else {
            let words = || LIMITS.iter().map(|(word, _)| *word);
            let hint = match similar(&name.to_string(), words()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("it limits {}", one_of(words())),
            };
            return Err(syn::Error::new(name.span(), format!("a budget does not limit `{name}`; {hint}")));
        };
        input.parse::<Token![=]>()?;
        Ok(Self { name, variant, value: input.parse()? })
    }
}
