//! `#[aggregate(..)]` and `#[apply(..)]`, as they are written.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, LitInt, LitStr, Path, Token, Type, parenthesized};

use crate::attr::{Item, Known, Once, Spoiled, misplaced, options, options_of, parse_root, parse_value, skip_comma};
use crate::errors::Errors;

const PLACE: &str = "#[aggregate(..)]";

const OPTIONS: &[Known] = &[
    ("name", "name = \"..\""),
    ("id", "id = Type"),
    ("commands", "commands(A, B)"),
    ("events", "events(A, B)"),
    ("retired", "retired(A, B)"),
    ("error", "error = Type"),
    ("snapshot", "snapshot(every = 100, keep = 1)"),
    ("codec", "codec = Type"),
    ("command_enum", "command_enum = Name"),
    ("event_enum", "event_enum = Name"),
    ("derives", "derives(A, B)"),
    ("crate", "crate = path"),
];

const SNAPSHOT_OPTIONS: &[Known] = &[("every", "every = 100"), ("keep", "keep = 1"), ("version", "version = 2")];

/// What stands on the aggregate and on its fields.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    /// Where `#[aggregate(..)]` stands; the first, if there are several.
    pub(crate) place: Option<Span>,
    pub(crate) options: Options,
    /// The options that are there, but cannot be read.
    pub(crate) spoiled: Vec<Spoiled>,
    pub(crate) applies: Vec<Apply>,
}

/// `#[aggregate(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) id: Once<Type>,
    pub(crate) commands: Once<Vec<Entry>>,
    pub(crate) events: Once<Vec<Entry>>,
    pub(crate) retired: Once<Vec<Entry>>,
    pub(crate) error: Once<Type>,
    pub(crate) snapshot: Once<Snapshot>,
    pub(crate) codec: Once<Type>,
    pub(crate) command_enum: Once<Ident>,
    pub(crate) event_enum: Once<Ident>,
    pub(crate) derives: Once<Vec<Path>>,
}

/// A command or an event in a list: `path`, `path as Name`, `path(ignored)`.
pub(crate) struct Entry {
    /// `#[cfg(..)]`.
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) path: Path,
    pub(crate) rename: Option<Ident>,
    /// Where `ignored` stands.
    pub(crate) ignored: Option<Span>,
}

/// `snapshot(..)`.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) every: Once<LitInt>,
    pub(crate) keep: Once<LitInt>,
    pub(crate) version: Once<LitInt>,
    /// Whether a part of it could not be read.
    pub(crate) spoiled: bool,
}

/// `#[apply(event => expression)]` on the field with the number `field`.
pub(crate) struct Apply {
    pub(crate) field: usize,
    pub(crate) event: Path,
    /// `None` if it cannot be read: the event is named all the same.
    pub(crate) expression: Option<TokenStream>,
    /// Whether there is a `return` in it.
    pub(crate) returns: bool,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    misplaced_applies(&input, errors);
    misplaced(&input, "aggregate", "; what a field becomes is written `#[apply(Event => expression)]`", errors);
    let attrs: Vec<Attribute> = input.attrs.iter().filter(|attr| attr.path().is_ident("aggregate")).cloned().collect();
    let item = Item::read(input, "an aggregate", errors)?;
    let mut attributes = Attributes {
        place: attrs.first().and_then(|attr| attr.path().get_ident()).map(Ident::span),
        options: Options::default(),
        spoiled: Vec::new(),
        applies: applies(&item, errors),
        item,
    };
    for attr in attrs {
        let given = &mut attributes.options;
        let spoiled =
            options_of(&attr, PLACE, OPTIONS, errors, &mut |name, span, input| given.read(name, span, input, errors));
        attributes.spoiled.extend(spoiled);
    }
    Some(attributes)
}

impl Options {
    fn read(&mut self, name: &str, span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<()> {
        match name {
            "name" => self.name.set(name, span, parse_value(input)?, errors),
            "id" => self.id.set(name, span, parse_value(input)?, errors),
            "commands" => self.commands.set(name, span, entries(input, errors)?, errors),
            "events" => self.events.set(name, span, entries(input, errors)?, errors),
            "retired" => self.retired.set(name, span, entries(input, errors)?, errors),
            "error" => self.error.set(name, span, parse_value(input)?, errors),
            "snapshot" => self.snapshot.set(name, span, snapshot(input, errors)?, errors),
            "codec" => self.codec.set(name, span, parse_value(input)?, errors),
            "command_enum" => self.command_enum.set(name, span, parse_value(input)?, errors),
            "event_enum" => self.event_enum.set(name, span, parse_value(input)?, errors),
            "derives" => self.derives.set(name, span, paths(input)?, errors),
            _ => self.root.set(name, span, parse_root(input)?, errors),
        }
        Ok(())
    }
}

fn paths(input: ParseStream<'_>) -> syn::Result<Vec<Path>> {
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<Path, Token![,]>::parse_terminated_with(&content, Path::parse_mod_style)?.into_iter().collect())
}

/// Reads `(A, b::B as C, D(ignored))`. An entry that cannot be read is reported, and the others are kept.
fn entries(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Vec<Entry>> {
    let content;
    parenthesized!(content in input);
    let mut entries = Vec::new();
    while !content.is_empty() {
        match entry(&content) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let usage = "an entry is written `Type`, `module::Type as Name` or `Type(ignored)`";
                errors.at(error.span(), format!("{error}; {usage}"));
            }
        }
        skip_comma(&content);
    }
    Ok(entries)
}

fn entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    let cfg = Attribute::parse_outer(input)?;
    if let Some(other) = cfg.iter().find(|attr| !attr.path().is_ident("cfg")) {
        return Err(syn::Error::new_spanned(other.path(), "only `#[cfg(..)]` can stand on an entry"));
    }
    let path = input.call(Path::parse_mod_style)?;
    let rename = if input.peek(Token![as]) {
        input.parse::<Token![as]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    let ignored = if input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in input);
        let word: Ident = content.parse()?;
        if word != "ignored" || !content.is_empty() {
            return Err(syn::Error::new(word.span(), format!("unknown word `{word}`; did you mean `ignored`?")));
        }
        Some(word.span())
    } else {
        None
    };
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,`"));
    }
    Ok(Entry { cfg, path, rename, ignored })
}

fn snapshot(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Snapshot> {
    let content;
    parenthesized!(content in input);
    let mut snapshot = Snapshot::default();
    let spoiled = options(&content, "snapshot(..)", SNAPSHOT_OPTIONS, errors, &mut |name, span, input| {
        let value = parse_value(input)?;
        match name {
            "every" => snapshot.every.set(name, span, value, errors),
            "version" => snapshot.version.set(name, span, value, errors),
            _ => snapshot.keep.set(name, span, value, errors),
        }
        Ok(())
    });
    snapshot.spoiled = !spoiled.is_empty();
    for option in spoiled {
        errors.push(option.error);
    }
    Ok(snapshot)
}

/// Reads the `#[apply(..)]` on all fields.
fn applies(item: &Item, errors: &Errors) -> Vec<Apply> {
    let mut applies = Vec::new();
    for (field, source) in item.fields().iter().enumerate() {
        for attr in source.attrs.iter().filter(|attr| attr.path().is_ident("apply")) {
            let read = |input: ParseStream<'_>| {
                let event = input.call(Path::parse_mod_style)?;
                let expression = expression(input).map_err(|error| report_apply(&error, errors)).ok();
                // What is left is part of the mistake.
                input.parse::<TokenStream>()?;
                let returns = expression.clone().is_some_and(has_return);
                Ok(Apply { field, event, expression, returns })
            };
            match attr.parse_args_with(read) {
                Ok(apply) => applies.push(apply),
                Err(error) => report_apply(&error, errors),
            }
        }
    }
    applies
}

/// Reads `=> expression`.
fn expression(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    input.parse::<Token![=>]>()?;
    let expression: TokenStream = input.parse()?;
    if expression.is_empty() { Err(input.error("expected an expression")) } else { Ok(expression) }
}

/// Whether `return` is among the tokens.
fn has_return(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_return(group.stream()),
        TokenTree::Ident(ident) => ident == "return",
        _ => false,
    })
}

fn report_apply(error: &syn::Error, errors: &Errors) {
    errors.at(error.span(), format!("{error}; what a field becomes is written `#[apply(Event => expression)]`"));
}

/// Reports each `#[apply(..)]` that does not stand on a field of a struct.
fn misplaced_applies(input: &DeriveInput, errors: &Errors) {
    let report = |attrs: &[Attribute]| {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("apply")) {
            let message = "`#[apply(..)]` says what a field of a struct becomes; write `impl Apply<Event>` instead";
            errors.push(syn::Error::new_spanned(attr.path(), message));
        }
    };
    report(&input.attrs);
    let Data::Enum(data) = &input.data else { return };
    for variant in &data.variants {
        report(&variant.attrs);
        for field in &variant.fields {
            report(&field.attrs);
        }
    }
}
