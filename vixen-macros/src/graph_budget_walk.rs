//! What the body of a `#[graph]` function does with its graph: what it adds is collected, what cannot be counted is an
//! error.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprCall, ExprMethodCall, FieldValue, FnArg, GenericArgument, Item, ItemFn, Local,
    Macro, Pat, PatIdent, Path, PathArguments, Type, parse_quote,
};

use crate::errors::Errors;
use crate::model::last_span;

/// Methods that add a node, and which argument the node is.
const ADD: [(&str, usize); 3] = [("add", 0), ("add_kept", 0), ("add_named", 1)];

/// Methods that make something that keeps earlier frames; how many is their last parameter.
const HISTORY: [&str; 2] = ["history", "history_buffer"];

/// Methods that add no node of the function's own: resources, handles and sinks.
const OTHER: [&str; 17] = [
    "image",
    "buffer",
    "param",
    "switch",
    "select",
    "select_shared",
    "share_buffer",
    "share_managed",
    "share_image",
    "share_acceleration_structure",
    "import_buffer",
    "import_image",
    "import_acceleration_structure",
    "present",
    "present_to",
    "read_back",
    "retain",
];

/// Where the graph may stand, at the end of every message about a place where it may not.
const RULE: &str = "in a `#[graph]` function the graph appears only in `add`, resource constructors, sinks and calls of other `#[graph]` functions";

/// Something that the function adds.
pub struct Adds {
    /// As messages name it.
    pub name: String,
    what: What,
    /// How often, as factors.
    pub times: Vec<Expr>,
    /// The conditions under which it is compiled.
    pub cfgs: Vec<Attribute>,
}

enum What {
    /// A node of this type.
    Node(Path),
    /// What another `#[graph]` function adds, with its type arguments where they are written.
    Function(Path, PathArguments),
    /// A history of this many frames.
    History(TokenStream),
}

impl Adds {
    /// The constant with its requirements.
    pub fn requirements(&self, krate: &Path) -> TokenStream {
        match &self.what {
            What::Node(path) => quote!(<#path as #krate::macro_support::Node>::REQUIREMENTS),
            What::Function(path, arguments) => {
                // Where types are missing the compiler points at the call.
                let span = Span::call_site().located_at(last_span(path));
                quote_spanned!(span=> #path::requirements #arguments ())
            }
            What::History(depth) => quote!(#krate::graph::Requirements::history(#depth)),
        }
    }
}

/// Collects what a function adds. Loops that say `#[max(n)]` count their rounds afterwards.
pub fn walk(graph: &Ident, function: &mut ItemFn, krate: &Path, errors: &Errors) -> Vec<Adds> {
    let name = function.sig.ident.clone();
    let mut walk = Walk {
        graph,
        function: &name,
        krate,
        errors,
        adds: Vec::new(),
        variables: Vec::new(),
        times: Vec::new(),
        cfgs: Vec::new(),
    };
    let parameters = function.sig.inputs.iter_mut().filter(|input| !is_graph_parameter(input, graph));
    parameters.for_each(|input| walk.visit_fn_arg_mut(input));
    walk.visit_block_mut(&mut function.block);
    walk.adds
}

struct Walk<'a> {
    graph: &'a Ident,
    /// The function itself.
    function: &'a Ident,
    krate: &'a Path,
    errors: &'a Errors,
    adds: Vec<Adds>,
    /// What the function has given a name so far: a call of one of these is no call of a function outside.
    variables: Vec<Ident>,
    /// The loops around the place, by how often they run at most.
    times: Vec<Expr>,
    /// The `cfg`s around the place.
    cfgs: Vec<Attribute>,
}

impl VisitMut for Walk<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let outer = self.enter(attributes(expr));
        match expr {
            Expr::MethodCall(call) if self.is_graph(&call.receiver) => self.method(call),
            Expr::Call(call) if call.args.iter().any(|argument| self.is_graph(argument)) => self.function(call),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => self.repeated(expr),
            Expr::Closure(closure) if mentions(&closure.to_token_stream(), self.graph) => {
                let message = "a closure may run any number of times, so that what it adds to the graph cannot be counted; \
                               write a loop that says `#[max(n)]`";
                self.errors.over(&closure.body, message);
            }
            Expr::Path(path) if path.path.is_ident(self.graph) => {
                self.errors.over(path, format!("`{}` cannot be used here: {RULE}", self.graph));
            }
            other => visit_mut::visit_expr_mut(self, other),
        }
        self.cfgs.truncate(outer);
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let outer = self.enter(&local.attrs);
        visit_mut::visit_local_mut(self, local);
        self.cfgs.truncate(outer);
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        let outer = self.enter(&arm.attrs);
        visit_mut::visit_arm_mut(self, arm);
        self.cfgs.truncate(outer);
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        let outer = self.enter(&field.attrs);
        visit_mut::visit_field_value_mut(self, field);
        self.cfgs.truncate(outer);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if mentions(&call.tokens, self.graph) {
            let message =
                "what a macro does with the graph cannot be counted; use it outside and give the macro the result";
            self.errors.over(&call.path, message);
        }
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        if pattern.ident == *self.graph {
            self.errors.over(&pattern.ident, format!("`{}` is the graph; give this another name", self.graph));
        }
        self.variables.push(pattern.ident.clone());
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        let message = "a `#[graph]` function has no items of its own: what it adds is summed up outside, where names must mean \
                       the same; move this out of the function";
        self.errors.over(item, message);
    }
}

impl Walk<'_> {
    /// What follows is compiled under the `cfg`s among these too. Returns how many there were before.
    fn enter(&mut self, attributes: &[Attribute]) -> usize {
        let outer = self.cfgs.len();
        self.cfgs.extend(attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned());
        outer
    }

    /// `graph.method(..)`.
    fn method(&mut self, call: &mut ExprMethodCall) {
        let name = call.method.to_string();
        if let Some((_, node)) = ADD.iter().find(|(method, _)| *method == name) {
            match call.args.iter().nth(*node).map(peel) {
                Some(Expr::Struct(node)) => self.add(What::Node(node.path.clone()), &node.path),
                Some(other) => {
                    let message = format!(
                        "write the node out, so that its requirements are known: `{}.{name}(Node {{ .. }})`",
                        self.graph
                    );
                    self.errors.over(other, message);
                }
                // The compiler misses the argument.
                None => {}
            }
        } else if HISTORY.contains(&name.as_str()) {
            match call.turbofish.as_ref().and_then(|arguments| arguments.args.last()) {
                Some(depth) if !matches!(depth, GenericArgument::Type(Type::Infer(_))) => {
                    let depth = depth.to_token_stream();
                    self.push(What::History(depth), format!("{}.{name}", self.graph));
                }
                _ => {
                    let message = format!(
                        "write the parameters out, so that the depth is known: `{}.{name}::<.., 2>(..)`",
                        self.graph
                    );
                    self.errors.over(&call.method, message);
                }
            }
        } else if !OTHER.contains(&name.as_str()) {
            self.errors.over(&call.method, format!("`{name}` cannot be called on the graph here: {RULE}"));
        }
        call.args.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
    }

    /// `function(graph, ..)`.
    fn function(&mut self, call: &mut ExprCall) {
        match peel(&call.func) {
            Expr::Path(path) if path.path.is_ident(self.function) => {
                let message =
                    "a function that calls itself may add any number of nodes; write a loop that says `#[max(n)]`";
                self.errors.over(path, message);
            }
            Expr::Path(path) if path.path.segments.iter().nth_back(1).is_some_and(|it| it.ident == "Graph") => {
                let message = format!("call it as a method, `{}.add(..)`: {RULE}", self.graph);
                self.errors.over(path, message);
            }
            Expr::Path(path) if path.qself.is_none() && !self.variables.iter().any(|it| path.path.is_ident(it)) => {
                let mut path = path.path.clone();
                let arguments = path.segments.last_mut().map(|last| std::mem::take(&mut last.arguments));
                self.add(What::Function(path.clone(), without_lifetimes(arguments.unwrap_or_default())), &path);
            }
            other => self.errors.over(other, format!("call a function by its name here: {RULE}")),
        }
        for argument in &mut call.args {
            if !self.is_graph(argument) {
                self.visit_expr_mut(argument);
            }
        }
    }

    fn add(&mut self, what: What, name: &Path) {
        self.push(what, name.to_token_stream().to_string().replace(' ', ""));
    }

    fn push(&mut self, what: What, name: String) {
        self.adds.push(Adds { name, what, times: self.times.clone(), cfgs: self.cfgs.clone() });
    }

    /// A loop: what is added in its rounds counts as often as it says.
    fn repeated(&mut self, expr: &mut Expr) {
        let (attributes, keyword): (_, &dyn ToTokens) = match expr {
            Expr::ForLoop(it) => {
                self.visit_expr_mut(&mut it.expr);
                (&mut it.attrs, &it.for_token)
            }
            Expr::While(it) => (&mut it.attrs, &it.while_token),
            Expr::Loop(it) => (&mut it.attrs, &it.loop_token),
            _ => return,
        };
        let keyword = keyword.to_token_stream();
        let max = take_max(attributes, self.errors);
        let before = self.adds.len();
        self.times.extend(max.clone());
        match expr {
            Expr::ForLoop(it) => {
                self.visit_pat_mut(&mut it.pat);
                self.visit_block_mut(&mut it.body);
            }
            Expr::While(it) => {
                // It is asked once more than it says yes.
                if let (Some(max), Some(times)) = (&max, self.times.last_mut()) {
                    *times = parse_quote!(((#max) as u32).saturating_add(1));
                }
                self.visit_expr_mut(&mut it.cond);
                if let (Some(max), Some(times)) = (&max, self.times.last_mut()) {
                    times.clone_from(max);
                }
                self.visit_block_mut(&mut it.body);
            }
            Expr::Loop(it) => self.visit_block_mut(&mut it.body),
            _ => {}
        }
        let adds = self.adds.len() > before;
        match max {
            None if adds => {
                let message = "this loop adds to the graph: say how often at most, with `#[max(n)]` in front of it";
                self.errors.over(keyword, message);
            }
            Some(max) if !adds => self.errors.over(max, "this loop adds nothing to the graph; remove its `#[max(..)]`"),
            Some(max) => {
                self.times.pop();
                self.count_rounds(expr, &max);
            }
            None => {}
        }
    }

    /// Counts the rounds of a loop, so that it cannot add more than it says.
    fn count_rounds(&self, expr: &mut Expr, max: &Expr) {
        let krate = self.krate;
        let body: &mut Block = match expr {
            Expr::ForLoop(it) => &mut it.body,
            Expr::While(it) => &mut it.body,
            Expr::Loop(it) => &mut it.body,
            _ => return,
        };
        body.stmts.insert(0, parse_quote!(#krate::macro_support::count_round(&mut __rounds, (#max) as u32);));
        let counted = &*expr;
        *expr = parse_quote!({ let mut __rounds = 0u32; #counted });
    }

    fn is_graph(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Path(path) if path.path.is_ident(self.graph))
    }
}

/// Lifetimes of the function mean nothing outside.
fn without_lifetimes(mut arguments: PathArguments) -> PathArguments {
    if let PathArguments::AngleBracketed(list) = &mut arguments {
        let kept = std::mem::take(&mut list.args).into_iter();
        list.args = kept.filter(|argument| !matches!(argument, GenericArgument::Lifetime(_))).collect();
    }
    arguments
}

fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}

fn is_graph_parameter(input: &FnArg, graph: &Ident) -> bool {
    matches!(input, FnArg::Typed(input) if matches!(&*input.pat, Pat::Ident(name) if name.ident == *graph))
}

/// Without parentheses around it.
fn peel(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => peel(&inner.expr),
        Expr::Group(inner) => peel(&inner.expr),
        other => other,
    }
}

/// Takes `#[max(n)]` from a loop.
fn take_max(attributes: &mut Vec<Attribute>, errors: &Errors) -> Option<Expr> {
    let index = attributes.iter().position(|attribute| attribute.path().is_ident("max"))?;
    let attribute = attributes.remove(index);
    match attribute.parse_args::<Expr>() {
        Ok(max) => Some(max),
        Err(_) => {
            errors.over(attribute, "say how often the loop runs at most: `#[max(4)]`");
            // Said once: the loop counts as one that says so.
            Some(parse_quote!(1))
        }
    }
}

/// The attributes of an expression.
fn attributes(expr: &Expr) -> &[Attribute] {
    macro_rules! of {
        ($($variant:ident)*) => {
            match expr {
                $(Expr::$variant(it) => &it.attrs,)*
                _ => &[],
            }
        };
    }
    of!(Array Assign Async Await Binary Block Break Call Cast Closure Const Field ForLoop Group If Index Let Loop Macro Match
        MethodCall Paren Path Range RawAddr Reference Repeat Return Struct Try Tuple Unary Unsafe While)
}
