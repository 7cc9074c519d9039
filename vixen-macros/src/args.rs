//! Parses the arguments of `#[node(..)]`.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Path, Token, Type, parenthesized};

use crate::errors::{Errors, one_of, similar};
use crate::words::{Blend, Compare, Cull, Front, Kind, Polygon, Topology};

/// The arguments of `#[node(..)]`.
pub struct NodeArgs {
    pub kind: Kind,
    pub krate: Option<Path>,
    pub dynamic: bool,
    pub programs: Vec<ProgramArgs>,
    pub emits: Vec<EventArg>,
    pub receives: Vec<EventArg>,
    pub staging: Option<Expr>,
    pub history: Option<Expr>,
    pub transient_bytes: Option<Expr>,
    pub transient_per_pixel: Option<Expr>,
}

/// An event type and the capacity of its queue.
pub struct EventArg {
    pub ty: Type,
    pub capacity: Expr,
}

/// One pipeline.
#[derive(Default)]
pub struct ProgramArgs {
    pub name: Option<LitStr>,
    pub stages: Vec<StageArg>,
    pub hit_groups: Vec<HitArg>,
    pub topology: Option<Topology>,
    pub cull: Option<Cull>,
    pub front: Option<Front>,
    pub polygon: Option<Polygon>,
    pub depth_compare: Option<Compare>,
    pub blend: Option<Blend>,
    pub max_depth: Option<u32>,
}

/// A shader and the argument that named it.
pub struct StageArg {
    pub role: Role,
    pub file: LitStr,
}

/// A hit group, as indices of the program's stages.
#[derive(Default)]
pub struct HitArg {
    pub closest: Option<usize>,
    pub any: Option<usize>,
    pub intersection: Option<usize>,
}

/// What a shader file is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Compute,
    Vertex,
    Fragment,
    RayGeneration,
    Miss,
    ClosestHit,
    AnyHit,
    Intersection,
}

const GENERAL: &[&str] = &["dynamic", "emits", "receives", "staging", "history", "transient", "crate"];

/// What may be said more than once, or is counted by whoever compares the shaders.
const REPEATED: &[&str] = &["pipeline", "emits", "receives", "miss", "hit", "shader", "vertex", "fragment", "raygen"];

impl NodeArgs {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            krate: None,
            dynamic: false,
            programs: Vec::new(),
            emits: Vec::new(),
            receives: Vec::new(),
            staging: None,
            history: None,
            transient_bytes: None,
            transient_per_pixel: None,
        }
    }

    /// Names of pipelines become constants, so no two are the same.
    fn check_names(&self, errors: &Errors) {
        let names: Vec<&LitStr> = self.programs.iter().filter_map(|program| program.name.as_ref()).collect();
        for (index, name) in names.iter().enumerate() {
            let constant = pipeline_constant(name);
            if names[..index].iter().any(|other| pipeline_constant(other) == constant) {
                errors.over(name, format!("another pipeline is bound as `Self::{constant}` already; rename one"));
            }
        }
    }

    /// Parses what it can; what it cannot is in `errors`.
    pub fn parse(input: ParseStream<'_>, errors: &Errors) -> Self {
        let mut args = Self::new(Kind::Compute);
        let mut program = ProgramArgs::default();
        let parsed = parse_kind(input).and_then(|kind| {
            args.kind = kind;
            args.parse_rest(&mut program, input, errors)
        });
        if let Err(error) = parsed {
            errors.add(error);
            drop_rest(input);
        }
        if args.programs.is_empty() && !program.stages.is_empty() {
            args.programs.push(program);
        } else if let Some(stage) = program.stages.first() {
            errors
                .over(&stage.file, "a node with `pipeline(..)` names every shader inside of one; move this one there");
        }
        args.check_names(errors);
        args
    }

    fn parse_rest(&mut self, program: &mut ProgramArgs, input: ParseStream<'_>, errors: &Errors) -> syn::Result<()> {
        let mut said: Vec<String> = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key = input.call(Ident::parse_any)?;
            if said.contains(&key.to_string()) && !REPEATED.contains(&key.to_string().as_str()) {
                return Err(syn::Error::new(key.span(), format!("`{key}` is said already; say it once")));
            }
            said.push(key.to_string());
            match key.to_string().as_str() {
                "dynamic" => self.dynamic = true,
                "emits" => self.emits.extend(parse_events(input)?),
                "receives" => self.receives.extend(parse_events(input)?),
                "staging" => self.staging = Some(value(input)?),
                "history" => self.history = Some(value(input)?),
                "transient" => self.parse_transient(input)?,
                "crate" => self.krate = Some(value(input)?),
                "pipeline" if self.kind.has_shaders() => {
                    self.programs.push(inside(input, |input| parse_pipeline(self.kind, &key, input, errors))?);
                }
                word => {
                    let mut known = program_keys(self.kind);
                    if !parse_program_key(self.kind, program, &key, input, errors)? {
                        if self.kind.has_shaders() {
                            known.push("pipeline");
                        }
                        known.extend_from_slice(GENERAL);
                        return Err(unknown(&key, word, &known, self.kind));
                    }
                }
            }
        }
        Ok(())
    }

    fn parse_transient(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        inside(input, |content| {
            while !content.is_empty() {
                let key = content.call(Ident::parse_any)?;
                match key.to_string().as_str() {
                    "bytes" => self.transient_bytes = Some(value(content)?),
                    "per_pixel" => self.transient_per_pixel = Some(value(content)?),
                    _ => {
                        return Err(syn::Error::new(key.span(), "`transient` takes `bytes = ..` and `per_pixel = ..`"));
                    }
                }
                comma(content)?;
            }
            Ok(())
        })
    }
}

/// The constant that a pipeline is bound by.
pub fn pipeline_constant(name: &LitStr) -> String {
    name.value().to_uppercase().replace('-', "_")
}

fn parse_kind(input: ParseStream<'_>) -> syn::Result<Kind> {
    let expected = || format!("say what kind of node this is: {}", one_of(Kind::WORDS));
    if input.is_empty() {
        return Err(syn::Error::new(Span::call_site(), expected()));
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error(expected()));
    }
    let ident = input.call(Ident::parse_any)?;
    let word = ident.to_string();
    Kind::of(&word).ok_or_else(|| {
        let hint = similar(&word, Kind::WORDS.iter().copied()).map(|word| format!("; did you mean `{word}`?"));
        syn::Error::new(ident.span(), format!("{}{}", expected(), hint.unwrap_or_default()))
    })
}

fn parse_events(input: ParseStream<'_>) -> syn::Result<Vec<EventArg>> {
    inside(input, |content| {
        let mut events = Vec::new();
        while !content.is_empty() {
            let ty: Type = content.parse()?;
            if !content.peek(Token![=]) {
                let message = "say how many of these events a frame has room for: `Type = 16`";
                return Err(syn::Error::new_spanned(&ty, message));
            }
            events.push(EventArg { ty, capacity: value(content)? });
            comma(content)?;
        }
        Ok(events)
    })
}

fn parse_pipeline(kind: Kind, span: &Ident, input: ParseStream<'_>, errors: &Errors) -> syn::Result<ProgramArgs> {
    let mut program = ProgramArgs::default();
    while !input.is_empty() {
        let key = input.call(Ident::parse_any)?;
        if key == "name" {
            let name: LitStr = value(input)?;
            if syn::parse_str::<Ident>(&pipeline_constant(&name)).is_err() {
                errors.over(&name, "the name of a pipeline becomes that of a constant: use letters, digits and `_`");
            }
            program.name = Some(name);
        } else if !parse_program_key(kind, &mut program, &key, input, errors)? {
            let mut known = program_keys(kind);
            known.push("name");
            return Err(unknown(&key, &key.to_string(), &known, kind));
        }
        comma(input)?;
    }
    if program.name.is_none() {
        errors.at(span.span(), "a pipeline needs a name to be bound by: `pipeline(name = \"blur_x\", ..)`");
    }
    Ok(program)
}

/// The arguments of one pipeline of a kind of node.
fn program_keys(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Compute => vec!["shader"],
        Kind::Graphics => {
            vec!["vertex", "fragment", "topology", "cull", "front", "polygon", "depth_compare", "blend"]
        }
        Kind::RayTracing => vec!["raygen", "miss", "hit", "max_depth"],
        Kind::Transfer | Kind::Host => Vec::new(),
    }
}

/// Parses an argument of a pipeline; false when there is none of that name.
fn parse_program_key(
    kind: Kind,
    program: &mut ProgramArgs,
    key: &Ident,
    input: ParseStream<'_>,
    errors: &Errors,
) -> syn::Result<bool> {
    let name = key.to_string();
    if !program_keys(kind).contains(&name.as_str()) {
        return Ok(false);
    }
    match name.as_str() {
        "shader" => program.stage(Role::Compute, input)?,
        "vertex" => program.stage(Role::Vertex, input)?,
        "fragment" => program.stage(Role::Fragment, input)?,
        "raygen" => program.stage(Role::RayGeneration, input)?,
        "miss" => program.stage(Role::Miss, input)?,
        "hit" => program.hit_group(input)?,
        "topology" => program.topology = word(input, errors, Topology::of, Topology::WORDS)?,
        "cull" => program.cull = word(input, errors, Cull::of, Cull::WORDS)?,
        "front" => program.front = word(input, errors, Front::of, Front::WORDS)?,
        "polygon" => program.polygon = word(input, errors, Polygon::of, Polygon::WORDS)?,
        "depth_compare" => program.depth_compare = word(input, errors, Compare::of, Compare::WORDS)?,
        "blend" => program.blend = word(input, errors, Blend::of, Blend::WORDS)?,
        "max_depth" => program.max_depth = Some(value::<syn::LitInt>(input)?.base10_parse()?),
        _ => return Ok(false),
    }
    Ok(true)
}

impl ProgramArgs {
    /// Puts the stages of a ray-tracing pipeline in the order ray generation, miss, hit groups.
    pub fn sort(&mut self) {
        let rank = |role: Role| match role {
            Role::Miss => 1,
            Role::ClosestHit | Role::AnyHit | Role::Intersection => 2,
            _ => 0,
        };
        let mut order: Vec<usize> = (0..self.stages.len()).collect();
        order.sort_by_key(|&index| rank(self.stages[index].role));
        for group in &mut self.hit_groups {
            for stage in [&mut group.closest, &mut group.any, &mut group.intersection].into_iter().flatten() {
                *stage = order.iter().position(|index| index == stage).unwrap_or(*stage);
            }
        }
        self.stages.sort_by_key(|stage| rank(stage.role));
    }

    fn stage(&mut self, role: Role, input: ParseStream<'_>) -> syn::Result<()> {
        self.stages.push(StageArg { role, file: value(input)? });
        Ok(())
    }

    fn hit_group(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let mut group = HitArg::default();
        inside(input, |content| {
            while !content.is_empty() {
                let wanted = "a hit group has `closest`, `any` and `intersection` shaders: `hit(closest = \"..\")`";
                if !content.peek(Ident::peek_any) {
                    return Err(content.error(wanted));
                }
                let key = content.call(Ident::parse_any)?;
                let (shader, role) = match key.to_string().as_str() {
                    "closest" => (&mut group.closest, Role::ClosestHit),
                    "any" => (&mut group.any, Role::AnyHit),
                    "intersection" => (&mut group.intersection, Role::Intersection),
                    _ => return Err(syn::Error::new(key.span(), wanted)),
                };
                *shader = Some(self.stages.len());
                self.stage(role, content)?;
                comma(content)?;
            }
            Ok(())
        })?;
        self.hit_groups.push(group);
        Ok(())
    }
}

fn unknown(key: &Ident, word: &str, known: &[&str], kind: Kind) -> syn::Error {
    let hint = similar(word, known.iter().copied()).map(|word| format!("; did you mean `{word}`?"));
    let message = format!("{} takes no `{word}`, but {}{}", kind.described(), one_of(known), hint.unwrap_or_default());
    syn::Error::new(key.span(), message)
}

/// Parses what stands in parentheses. What cannot be read is one error: the rest is dropped.
fn inside<T>(input: ParseStream<'_>, parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<T> {
    let content;
    parenthesized!(content in input);
    parse(&content).inspect_err(|_| drop_rest(&content))
}

/// Drops what is left, so that nobody complains about it.
fn drop_rest(input: ParseStream<'_>) {
    let _ = input.step(|cursor| {
        let mut rest = *cursor;
        while let Some((_, next)) = rest.token_tree() {
            rest = next;
        }
        Ok(((), rest))
    });
}

/// Parses `= value`.
pub fn value<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Parses `= word`, with or without quotes.
pub fn word<T>(
    input: ParseStream<'_>,
    errors: &Errors,
    of: fn(&str) -> Option<T>,
    words: &[&str],
) -> syn::Result<Option<T>> {
    input.parse::<Token![=]>()?;
    let (word, span) = if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        (literal.value(), literal.span())
    } else {
        let ident = input.call(Ident::parse_any)?;
        (ident.to_string(), ident.span())
    };
    let found = of(&word);
    if found.is_none() {
        errors.at(span, format!("expected {}", one_of(words)));
    }
    Ok(found)
}

/// Parses a comma unless the input ends.
pub fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}
