//! `#[command(..)]`, as it is written.

use proc_macro2::TokenStream;
use syn::{DeriveInput, Path};

use crate::attr::{Item, Known, Once, options_of, parse_root};
use crate::errors::Errors;

const OPTIONS: &[Known] = &[("crate", "crate = path")];

/// What stands on a command.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    pub(crate) root: Option<Path>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    let mut root = Once::default();
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("command")) {
        let spoiled = options_of(attr, "#[command(..)]", OPTIONS, errors, &mut |name, span, input| {
            root.set(name, span, parse_root(input)?, errors);
            Ok(())
        });
        for spoiled in spoiled {
            errors.push(spoiled.error);
        }
    }
    let item = Item::read(input, "a command", errors)?;
    Some(Attributes { item, root: root.get() })
}
