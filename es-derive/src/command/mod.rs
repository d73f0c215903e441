//! `#[derive(Command)]`.

mod attr;
mod expand;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Attributes -> generated code. A command has no options that could contradict each other.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let code = attr::read(input, &errors).map(|command| expand::expand(&command));
    let mut tokens = errors.into_tokens();
    tokens.extend(code);
    tokens
}
