//! The part of a node's generics that some of its types use.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, Generics, Type, WherePredicate};

use crate::model::Node;
use crate::words::Effect;

/// The parameters that `types` name, those that their bounds name, and the bounds of these.
pub fn used_generics(generics: &Generics, types: &[&Type]) -> Generics {
    let mut used: Vec<Ident> = Vec::new();
    for ty in types {
        collect(ty.to_token_stream(), &mut used);
    }
    // Bounds can name further parameters, whose bounds can name more.
    loop {
        let before = used.len();
        for parameter in &generics.params {
            if name(parameter).is_some_and(|name| used.contains(name)) {
                collect(parameter.to_token_stream(), &mut used);
            }
        }
        if used.len() == before {
            break;
        }
    }
    let mut kept = generics.clone();
    let is_kept = |parameter: &&GenericParam| name(parameter).is_some_and(|name| used.contains(name));
    kept.params = generics.params.iter().filter(is_kept).cloned().collect();
    for parameter in kept.type_params_mut() {
        parameter.default = None;
    }
    if let Some(clause) = &mut kept.where_clause {
        let all: Vec<&Ident> = generics.params.iter().filter_map(name).collect();
        let concerns_kept = |predicate: &&WherePredicate| {
            let mut named = Vec::new();
            collect(predicate.to_token_stream(), &mut named);
            named.iter().filter(|name| all.contains(name)).all(|name| used.contains(name))
        };
        clause.predicates = clause.predicates.iter().filter(concerns_kept).cloned().collect();
    }
    if kept.params.is_empty() {
        kept = Generics::default();
    }
    kept
}

/// The type parameters that only `create` slots name: the struct, which does not have these, could not hold them.
pub fn not_held(node: &Node) -> Vec<&Ident> {
    let (mut held, mut made) = (Vec::new(), Vec::new());
    for slot in &node.slots {
        collect(slot.resource.to_token_stream(), if slot.effect == Effect::Create { &mut made } else { &mut held });
    }
    node.plain.iter().for_each(|plain| collect(plain.ty.to_token_stream(), &mut held));
    let parameters = node.generics.type_params().map(|parameter| &parameter.ident);
    parameters.filter(|name| made.contains(name) && !held.contains(name)).collect()
}

fn name(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}

fn collect(tokens: TokenStream, names: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if !names.contains(&ident) => names.push(ident),
            TokenTree::Group(group) => collect(group.stream(), names),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn keeps_what_is_used_with_its_bounds() {
        let generics: Generics = parse_quote!(<F: Format, T: From<U>, U, const N: usize>);
        let ty: Type = parse_quote!(Vec<T>);
        let kept = used_generics(&generics, &[&ty]);
        assert_eq!(kept.to_token_stream().to_string(), "< T : From < U > , U >");
        let ty: Type = parse_quote!([u32; N]);
        assert_eq!(used_generics(&generics, &[&ty]).to_token_stream().to_string(), "< const N : usize >");
        let ty: Type = parse_quote!(u32);
        assert!(used_generics(&generics, &[&ty]).params.is_empty());
    }
}
