//! An expression of the user, as tokens: syn is built without the grammar of expressions.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::Token;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::token::Paren;

use crate::attr::Known;

/// Reads `= expression`, up to the next option, one of `known`, or the end.
pub(super) fn read(input: ParseStream<'_>, known: &[Known]) -> syn::Result<TokenStream> {
    input.parse::<Token![=]>()?;
    let mut expression = TokenStream::new();
    while !input.is_empty() && !ends(input, known) {
        input.parse::<TokenTree>()?.to_tokens(&mut expression);
    }
    if expression.is_empty() { Err(input.error("expected an expression")) } else { Ok(expression) }
}

/// Whether a comma comes that is not one between type arguments, as in `HashMap::<A, B>::new()`: the last token, or
/// one with `option =` or `option(` behind it.
fn ends(input: ParseStream<'_>, known: &[Known]) -> bool {
    if !input.peek(Token![,]) {
        return false;
    }
    let rest = input.fork();
    let _ = rest.parse::<Token![,]>();
    if rest.is_empty() {
        return true;
    }
    let Ok(name) = rest.call(Ident::parse_any) else { return false };
    let value = rest.peek(Token![=]) && !rest.peek(Token![==]) && !rest.peek(Token![=>]);
    value || (rest.peek(Paren) && known.iter().any(|(option, _)| name == option))
}

#[cfg(test)]
mod tests {
    use syn::parse::{ParseStream, Parser as _};

    use crate::text;

    #[test]
    fn an_expression_ends_at_the_next_option() {
        let read = |input: ParseStream<'_>| {
            let expression = text::source(super::read(input, &[("changed", "..")])?);
            Ok((expression, input.parse::<proc_macro2::TokenStream>()?.to_string()))
        };
        for (source, expression, rest) in [
            ("= 1, since = 2", "1", ", since = 2"),
            ("= HashMap::<u8, Vec<u8>>::new(), since = 2", "HashMap::<u8, Vec<u8>>::new()", ", since = 2"),
            ("= f(a, b = c), since = 2", "f(a, b = c)", ", since = 2"),
            ("= a == b, sinse = 2", "a == b", ", sinse = 2"),
            ("= a, changed(since = 2)", "a", ", changed (since = 2)"),
            ("= a, b(c)", "a, b(c)", ""),
            ("= a,", "a", ","),
            ("= a", "a", ""),
        ] {
            let (found, left) = read.parse_str(source).unwrap();
            assert_eq!((found.as_str(), left.as_str()), (expression, rest));
        }
        assert!(read.parse_str("= , since = 2").is_err());
        assert!(read.parse_str("since = 2").is_err());
    }
}
