//! The options in an attribute: `key`, `key = value`, `key(..)`.

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, LitStr, Path, Token};

use crate::errors::Errors;
use crate::text;

/// An option: its name, and how it is written.
pub(crate) type Known = (&'static str, &'static str);

/// How an option is written that belongs elsewhere: it is read, so that the reader can say where to.
pub(crate) const ELSEWHERE: &str = "";

/// An option whose value cannot be read.
pub(crate) struct Spoiled {
    pub(crate) name: &'static str,
    pub(crate) error: syn::Error,
}

/// Reads the options of an attribute; see [`options`].
#[must_use = "these are not reported yet"]
pub(crate) fn options_of(
    attr: &Attribute,
    place: &str,
    known: &[Known],
    errors: &Errors,
    read: &mut dyn FnMut(&'static str, Span, ParseStream<'_>) -> syn::Result<()>,
) -> Vec<Spoiled> {
    let parse = |input: ParseStream<'_>| Ok(options(input, place, known, errors, read));
    attr.parse_args_with(parse).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    })
}

/// Reads the options of `place`, which is `#[aggregate(..)]` or the like; gives those with values that cannot be read.
///
/// After a mistake in one option the next one is read. An option of an unknown name is read as the nearest
/// known one, if there is one: what was meant is then there, and nothing else is missed.
#[must_use = "these are not reported yet"]
pub(crate) fn options(
    input: ParseStream<'_>,
    place: &str,
    known: &[Known],
    errors: &Errors,
    read: &mut dyn FnMut(&'static str, Span, ParseStream<'_>) -> syn::Result<()>,
) -> Vec<Spoiled> {
    let mut spoiled = Vec::new();
    while !input.is_empty() {
        match key(input, place, known, errors) {
            Err(error) => errors.push(error),
            Ok((span, Some(&(name, usage)))) => {
                if let Err(error) = read(name, span, input) {
                    let span = if input.is_empty() { span } else { error.span() };
                    let error = syn::Error::new(span, format!("{error}; `{name}` is written `{usage}`"));
                    spoiled.push(Spoiled { name, error });
                } else if !input.is_empty() && !input.peek(Token![,]) {
                    errors.at(input.span(), format!("expected `,`; `{name}` is written `{usage}`"));
                    // What comes may be the next option, and the comma alone is missing.
                    let next = input.fork().call(Ident::parse_any).ok();
                    if next.is_some_and(|next| known.iter().any(|(name, _)| next == name)) {
                        continue;
                    }
                }
            }
            Ok((_, None)) => {}
        }
        skip_comma(input);
    }
    spoiled
}

/// Reads the name of an option: one that is known, or nearly.
fn key<'a>(
    input: ParseStream<'_>,
    place: &str,
    known: &'a [Known],
    errors: &Errors,
) -> syn::Result<(Span, Option<&'a Known>)> {
    let ident = input
        .call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), format!("expected an option of `{place}`: {}", names(known))))?;
    let key = text::plain(&ident);
    let exact = known.iter().find(|(name, _)| *name == key);
    let found = exact.or_else(|| nearest(&key, known));
    if exact.is_none() {
        let help = match found {
            Some((name, _)) => format!("did you mean `{name}`?"),
            None => format!("the options are {}", names(known)),
        };
        errors.at(ident.span(), format!("unknown option `{key}` in `{place}`; {help}"));
    }
    Ok((ident.span(), found))
}

/// Goes on behind the next comma, or to the end.
pub(crate) fn skip_comma(input: ParseStream<'_>) {
    skip_value(input);
    // At the end there is none.
    let _ = input.parse::<Token![,]>();
}

/// Goes on to the next comma, or to the end.
pub(crate) fn skip_value(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) && input.parse::<TokenTree>().is_ok() {}
}

fn names(known: &[Known]) -> String {
    let here = known.iter().filter(|(_, usage)| *usage != ELSEWHERE);
    let names: Vec<String> = here.map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

/// The known option that is `key` but for a slip of the hand.
fn nearest<'a>(key: &str, known: &'a [Known]) -> Option<&'a Known> {
    let here = || known.iter().filter(|(_, usage)| *usage != ELSEWHERE);
    if let Some(longer) = here().find(|(name, _)| key.len() > 2 && name.starts_with(key)) {
        return Some(longer);
    }
    let (distance, nearest) =
        here().map(|option| (distance(key, option.0), option)).min_by_key(|(distance, _)| *distance)?;
    (distance <= key.chars().count().div_ceil(3)).then_some(nearest)
}

/// The number of letters to add, drop or replace, or of neighbours to swap, between `a` and `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(rows[i - 1][j - 1] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(0)
}

/// The value of an option that is given at most once.
pub(crate) struct Once<T>(Option<(Span, T)>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Once<T> {
    /// Takes the value, or reports that there is one already.
    pub(crate) fn set(&mut self, name: &str, span: Span, value: T, errors: &Errors) {
        if self.0.is_some() {
            given_twice(name, span, errors);
        } else {
            self.0 = Some((span, value));
        }
    }

    /// The value.
    pub(crate) fn get(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }

    /// The value, and where the option's name stands.
    pub(crate) fn get_spanned(self) -> Option<(Span, T)> {
        self.0
    }

    /// The value, for a look.
    pub(crate) fn peek(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }
}

fn given_twice(name: &str, span: Span, errors: &Errors) {
    errors.at(span, format!("`{name}` is given twice; keep one"));
}

/// Reads `= value`.
pub(crate) fn parse_value<T: syn::parse::Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Reads `= path` or, as serde has it, `= "path"`.
pub(crate) fn parse_root(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        return input.parse::<LitStr>()?.parse_with(Path::parse_mod_style);
    }
    input.call(Path::parse_mod_style)
}

#[cfg(test)]
mod tests {
    use super::{ELSEWHERE, distance, nearest};

    #[test]
    fn a_slip_of_the_hand_is_near() {
        let known = [("events", ".."), ("event_enum", ".."), ("error", ".."), ("id", ".."), ("colours", ELSEWHERE)];
        for (key, name) in
            [("evnts", Some("events")), ("event", Some("events")), ("erorr", Some("error")), ("err", Some("error"))]
        {
            assert_eq!(nearest(key, &known).map(|known| known.0), name, "{key}");
        }
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
