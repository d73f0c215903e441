//! `#[event(..)]`, as it is written.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{DeriveInput, LitStr, Path, Token, parenthesized};

use crate::attr::{Item, Known, Once, options, parse_root, parse_value};
use crate::errors::Errors;

const OPTIONS: &[Known] =
    &[("name", "name = \"..\""), ("aliases", "aliases(\"..\", \"..\")"), ("crate", "crate = path")];

/// What stands on an event.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    pub(crate) options: Options,
}

/// `#[event(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) aliases: Once<Vec<LitStr>>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    let mut given = Options::default();
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        let read = |input: ParseStream<'_>| {
            let mut read = |name: &'static str, span, input: ParseStream<'_>| {
                match name {
                    "name" => given.name.set(name, span, parse_value(input)?, errors),
                    "aliases" => given.aliases.set(name, span, texts(input)?, errors),
                    _ => given.root.set(name, span, parse_root(input)?, errors),
                }
                Ok(())
            };
            Ok(options(input, "#[event(..)]", OPTIONS, errors, &mut read))
        };
        match attr.parse_args_with(read) {
            Ok(spoiled) => spoiled.into_iter().for_each(|spoiled| errors.push(spoiled.error)),
            Err(error) => errors.push(error),
        }
    }
    let item = Item::read(input, "an event", errors)?;
    Some(Attributes { item, options: given })
}

fn texts(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let content;
    parenthesized!(content in input);
    let parse = |input: ParseStream<'_>| input.parse::<LitStr>();
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated_with(&content, parse)?.into_iter().collect())
}
