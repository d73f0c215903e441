//! Names and source as text.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// The name of `ident` as people say it: without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// `BankAccount` as `bank_account`, `HTTPServer` as `http_server`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, &char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts_word = char.is_uppercase()
            && before.is_some_and(|&before| {
                before != '_' && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            text.push('_');
        }
        text.extend(char.to_lowercase());
    }
    text
}

/// The tokens, all of them reported at `span`.
pub(crate) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let at = |token: TokenTree| match token {
        TokenTree::Group(group) => {
            let mut group = Group::new(group.delimiter(), at(group.stream(), span));
            group.set_span(span);
            TokenTree::Group(group)
        }
        mut other => {
            other.set_span(span);
            other
        }
    };
    tokens.into_iter().map(at).collect()
}

/// Source as a person would write it, the same for every compiler: `Vec<(u64, String)>`.
pub(crate) fn source(tokens: TokenStream) -> String {
    let mut writer = Writer::default();
    writer.stream(tokens);
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What the last token asks of the next one.
    last: Last,
}

#[derive(Default, PartialEq, Clone, Copy)]
enum Last {
    /// Nothing stands between the two.
    #[default]
    Tight,
    /// A space, when the next one is a word.
    Word,
    /// A space.
    Space,
}

impl Writer {
    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
                TokenTree::Punct(mut punct) => {
                    let mut op = punct.as_char().to_string();
                    while punct.spacing() == proc_macro2::Spacing::Joint
                        && let Some(TokenTree::Punct(next)) = tokens.peek()
                        && joins(&op, next.as_char())
                    {
                        op.push(next.as_char());
                        punct = next.clone();
                        tokens.next();
                    }
                    self.punct(&op);
                }
                word => {
                    self.space(self.last != Last::Tight);
                    self.text.push_str(&word.to_string());
                    self.last = Last::Word;
                }
            }
        }
    }

    fn group(&mut self, delimiter: Delimiter, inner: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{ ", " }"),
            Delimiter::None => return self.stream(inner),
        };
        self.space(self.last == Last::Space || (delimiter == Delimiter::Brace && self.last == Last::Word));
        self.text.push_str(open);
        self.last = Last::Tight;
        self.stream(inner);
        self.text.push_str(close);
        self.last = Last::Word;
    }

    fn punct(&mut self, op: &str) {
        let (before, after) = match op {
            "," | ";" | ":" => (false, Last::Space),
            "=" | "+" | "-" | "*" | "/" | "->" | "=>" | "==" | "|" => (self.last != Last::Tight, Last::Space),
            ">" => (false, Last::Word),
            "'" => (self.last != Last::Tight, Last::Tight),
            _ => (self.last == Last::Space, Last::Tight),
        };
        self.space(before);
        self.text.push_str(op);
        self.last = if before || !matches!(op, "-" | "*" | "/" | "|") { after } else { Last::Tight };
    }

    fn space(&mut self, wanted: bool) {
        if wanted && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

/// Whether `op` and `next` are one operator in a type or an attribute.
fn joins(op: &str, next: char) -> bool {
    matches!((op, next), (":", ':') | ("-" | "=", '>') | ("=", '='))
}

#[cfg(test)]
mod tests {
    use super::{snake_case, source};

    #[test]
    fn names_in_snake_case() {
        for (name, text) in [
            ("Account", "account"),
            ("BankAccount", "bank_account"),
            ("HTTPServer", "http_server"),
            ("Utf8Text", "utf8_text"),
            ("A", "a"),
            ("Snake_Case", "snake_case"),
            ("V2", "v2"),
        ] {
            assert_eq!(snake_case(name), text);
        }
    }

    #[test]
    fn types_read_as_they_are_written() {
        for text in [
            "u64",
            "Vec<(u64, String)>",
            "std::collections::BTreeMap<String, Vec<u8>>",
            "[u8; 16]",
            "&'static str",
            "Box<dyn Fn(u64) -> bool + Send + 'static>",
            "Option<<A as Iterator>::Item>",
            "serde(default = \"a::b\", rename = \"c\")",
            "*const u8",
        ] {
            assert_eq!(text.parse().map(source).ok().as_deref(), Some(text));
        }
    }
}
