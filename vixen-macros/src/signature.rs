//! The one function of a node's implementation: what it is called and takes.

use syn::{FnArg, ImplItemFn, ReturnType, Signature, Type, parse_quote};

use crate::errors::Errors;
use crate::words::Kind;

/// Compares a function with that of its trait, and puts it right where they differ, so that nothing else is reported.
pub fn check(function: &mut ImplItemFn, kind: Kind, errors: &Errors) {
    let host = kind == Kind::Host;
    let (name, other, shown) = if host {
        ("run", "record", "fn run(view: &mut View, frame: &FrameInfo)")
    } else {
        ("record", "run", "fn record(view: &View, commands: &mut Commands)")
    };
    let sig = &function.sig;
    if sig.ident == other {
        errors.over(&sig.ident, format!("{} has no `{other}`, but `{shown}`", kind.described()));
    } else if sig.ident == name && !takes(sig, [host, !host]) {
        errors.over(sig, format!("{} says what it does in `{shown}`", kind.described()));
    } else {
        return;
    }
    function.sig = if host {
        parse_quote!(fn run(_: &mut View, _: &FrameInfo))
    } else {
        parse_quote!(fn record(_: &View, _: &mut Commands))
    };
    function.block = parse_quote!({});
}

/// Whether it is a plain function of two references, mutable or not.
fn takes(sig: &Signature, mutable: [bool; 2]) -> bool {
    let plain = sig.asyncness.is_none() && sig.constness.is_none() && sig.generics.params.is_empty();
    let nothing = match &sig.output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
    };
    let fits = |(argument, mutable): (&FnArg, bool)| match argument {
        FnArg::Typed(argument) => {
            matches!(&*argument.ty, Type::Reference(reference) if reference.mutability.is_some() == mutable)
        }
        FnArg::Receiver(_) => false,
    };
    plain && nothing && sig.inputs.len() == 2 && sig.inputs.iter().zip(mutable).all(fits)
}
