//! The options inside of the attribute of a node's field, such as `read_write, binding = 3`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, ExprLit, Lit, Token};

use crate::args::{comma, value, word};
use crate::errors::{Errors, one_of, similar};
use crate::model::{Location, SamplerArgs};
use crate::words::{Address, Compare, Effect, FieldKind};

/// The options inside of a field's attribute.
#[derive(Default)]
pub struct Options {
    pub effect: Option<Effect>,
    pub set: Option<u32>,
    pub binding: Option<u32>,
    pub max: Option<u32>,
    pub len: Option<Expr>,
    pub extent: Option<Expr>,
    pub clear: Option<Expr>,
    pub instance: bool,
    pub linear: Option<bool>,
    pub address: Option<Address>,
    pub compare: Option<Compare>,
    pub id: Option<u32>,
    /// Every word so far.
    said: Vec<String>,
    pub faulty: bool,
}

impl Options {
    /// Adds what an attribute says; what is wrong with it is in `errors`.
    pub fn parse(&mut self, kind: FieldKind, attribute: &Attribute, errors: &Errors) {
        if matches!(attribute.meta, syn::Meta::Path(_)) {
            return;
        }
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                self.parse_one(kind, input, errors)?;
                comma(input)?;
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.add(error);
            self.faulty = true;
        } else if let (Some(set), None) = (self.set, self.binding) {
            errors.over(attribute, format!("a place in a shader is both: `set = {set}, binding = ..`"));
            self.faulty = true;
        } else if kind == FieldKind::Sampled
            && self.linear.is_none()
            && (self.compare.is_some() || self.address.is_some())
        {
            errors.over(attribute, "say how it samples too, `linear` or `nearest`");
            self.faulty = true;
        }
    }

    fn parse_one(&mut self, kind: FieldKind, input: ParseStream<'_>, errors: &Errors) -> syn::Result<()> {
        let key = input.call(Ident::parse_any)?;
        let name = key.to_string();
        let known = known_options(kind);
        if !known.contains(&name.as_str()) {
            let hint = similar(&name, known.iter().copied()).map(|word| format!("; did you mean `{word}`?"));
            let takes = if known.is_empty() { "no option".to_owned() } else { one_of(&known) };
            let message = format!("`#[{kind}]` takes no `{name}`, but {takes}{}", hint.unwrap_or_default());
            return Err(syn::Error::new(key.span(), message));
        }
        let groups: [&[&str]; 3] = [&["linear", "nearest"], Address::WORDS, Effect::WORDS];
        let clash =
            |said: &str| said == name || groups.iter().any(|it| it.contains(&said) && it.contains(&name.as_str()));
        if let Some(said) = self.said.iter().find(|said| clash(said)) {
            return Err(syn::Error::new(key.span(), format!("the slot is `{said}` already; say one of them once")));
        }
        self.said.push(name.clone());
        match name.as_str() {
            "set" => self.set = Some(number(input)?),
            "binding" => self.binding = Some(number(input)?),
            "max" => self.max = Some(number(input)?),
            "id" => self.id = Some(number(input)?),
            "len" => self.len = Some(value(input)?),
            "extent" => self.extent = Some(value(input)?),
            "clear" => self.clear = Some(value(input)?),
            "linear" => self.linear = Some(true),
            "nearest" => self.linear = Some(false),
            "instance" => self.instance = true,
            "compare" => self.compare = word(input, errors, Compare::of, Compare::WORDS)?,
            name => {
                if let Some(effect) = Effect::of(name) {
                    self.effect = Some(effect);
                } else {
                    self.address = Address::of(name);
                }
            }
        }
        if input.peek(Token![=]) {
            return Err(syn::Error::new(input.span(), format!("`{name}` takes no value")));
        }
        Ok(())
    }

    /// The place in the shader, where one is said.
    pub fn location(&self) -> Option<Location> {
        self.binding.map(|binding| Location { set: self.set.unwrap_or(0), binding })
    }

    /// How a slot samples, where that is said.
    pub fn sampler(&self) -> Option<SamplerArgs> {
        self.linear.map(|linear| SamplerArgs {
            linear,
            address: self.address.unwrap_or(Address::ClampToEdge),
            compare: self.compare,
        })
    }
}

/// The options that an attribute takes.
fn known_options(kind: FieldKind) -> Vec<&'static str> {
    let mut known: Vec<&'static str> = Vec::new();
    if kind.effects().len() > 1 {
        known.extend(kind.effects().iter().map(|effect| effect.word()));
    }
    if kind.effects().contains(&Effect::Create) {
        known.extend(["len", "extent"]);
    }
    if matches!(kind, FieldKind::Sampled | FieldKind::Sampler) {
        known.extend(["linear", "nearest"]);
        known.extend(Address::WORDS);
        known.push("compare");
    }
    if matches!(kind, FieldKind::Color | FieldKind::Depth) {
        known.push("clear");
    }
    if kind == FieldKind::Vertex {
        known.push("instance");
    }
    if kind.is_bound() {
        known.extend(["set", "binding"]);
    }
    if !kind.is_plain() && !matches!(kind, FieldKind::Sampler | FieldKind::Create) {
        known.push("max");
    }
    if kind == FieldKind::Spec {
        known.push("id");
    }
    known
}

/// Parses `= number`; the macro works with it, and does not see the values of constants.
fn number(input: ParseStream<'_>) -> syn::Result<u32> {
    let number: Expr = value(input)?;
    match &number {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse(),
        _ => {
            Err(syn::Error::new_spanned(&number, "write the number itself: the macro does not see what a constant is"))
        }
    }
}
