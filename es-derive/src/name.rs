//! Names: those that stores know things by, and those of generated enums.

use proc_macro2::{Ident, Span};
use syn::{LitStr, Path};

use crate::errors::Errors;
use crate::text;

/// The name of `what`, "a projection": the one that is given, or else that of the type.
pub(crate) fn of(what: &str, given: Option<LitStr>, ident: &Ident, errors: &Errors) -> String {
    let Some(literal) = given else {
        let help = "; give it another with `name = \"..\"`";
        return checked(what, text::snake_case(&text::plain(ident)), ident.span(), help, errors);
    };
    checked(what, literal.value(), literal.span(), "", errors)
}

/// Reports a name that stores do not take.
fn checked(what: &str, name: String, span: Span, help: &str, errors: &Errors) -> String {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() {
        errors.at(span, format!("the name of {what} cannot be empty"));
    } else if !name.bytes().all(allowed) {
        let rule = "ASCII letters, digits, `_`, `-` and `.`, as stores take it";
        errors.at(span, format!("the name `{name}` has more than {rule}{help}"));
    } else if name.len() > 100 {
        errors.at(span, format!("the name has {} bytes, but {what}'s has 100 at most{help}", name.len()));
    }
    name
}

/// The name of the enum of all commands or events; the mistake, not reported yet, where a type beside it has that name.
pub(crate) fn of_enum<'a>(
    name: &Ident,
    listed: impl IntoIterator<Item = &'a Path>,
    item: &Ident,
    noun: &str,
) -> Result<Ident, syn::Error> {
    let help = format!("give the enum another name: `{noun}_enum = Name`");
    // Another module may have a type of this name.
    if let Some(taken) = listed.into_iter().filter_map(Path::get_ident).find(|listed| *listed == name) {
        let message = format!("`{name}` is the name of the enum of all {noun}s as well; {help}");
        return Err(syn::Error::new(taken.span(), message));
    }
    if name == item {
        return Err(syn::Error::new(name.span(), format!("`{name}` is the name of the type itself; {help}")));
    }
    Ok(name.clone())
}
