//! `#[derive(Projection)]`.

mod attr;
mod expand;
mod model;

pub(crate) use attr::{Entry, entries};
pub(crate) use expand::{alias, aliases, cfg, cfg_of_type};
pub(crate) use model::{Listed, same_path, single_events, source};
use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Attributes -> checked model -> generated code.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let code = attr::read(input, &errors).map(|attributes| expand::expand(&model::check(attributes, &errors)));
    let mut tokens = errors.into_tokens();
    tokens.extend(code);
    tokens
}
