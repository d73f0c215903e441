//! `#[derive(Aggregate)]`.

mod attr;
mod expand;
mod lock;
mod model;

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
