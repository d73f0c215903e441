//! Samples: a small value of any type that serde can read, made without knowing the type.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::deserializer::Sampler;
use crate::BoxError;
use crate::codec::Codec;

/// How many values are tried before a type is given up.
const TRIES: usize = 5000;

/// A codec that makes up what it reads.
///
/// The error that it always ends with holds the sample: so whatever reads an event by a codec, be it of
/// an old version or of a retired event, tells what such an event looks like.
pub(super) struct Samples;

/// What [`Samples`] made of a type, or why it refused all that was tried.
#[derive(Debug, Clone)]
pub(super) struct Sample(pub(super) Result<Value, String>);

impl fmt::Display for Sample {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(value) => write!(f, "{value}"),
            Err(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Sample {}

impl Codec for Samples {
    const FORMAT: &'static str = "sample";

    fn encode<T: serde::Serialize>(_: &T, _: &mut Vec<u8>) -> Result<(), BoxError> {
        Err("samples are only read".into())
    }

    fn decode<T: DeserializeOwned>(_: &[u8]) -> Result<T, BoxError> {
        Err(Sample(sample::<T>()).into())
    }
}

/// Makes a `T`, and gives the JSON that it can be read from.
pub(super) fn sample<T: DeserializeOwned>() -> Result<Value, String> {
    let mut choices = Choices::default();
    let mut refused = String::new();
    for _ in 0..TRIES {
        choices.restart();
        let mut json = Value::Null;
        let made = T::deserialize(Sampler::new(&mut choices, &mut json));
        // What is given piece by piece may still not read as a whole.
        let refusal = match made.map(|_| T::deserialize(&json)) {
            Ok(Ok(_)) => return Ok(json),
            Ok(Err(refusal)) => Refusal::from(refusal.to_string()),
            Err(refusal) => refusal,
        };
        if choices.learn(&refusal) {
            continue;
        }
        refused = refusal.to_string();
        if !choices.advance() {
            break;
        }
    }
    Err(refused)
}

/// The decisions that lead to a sample: which text, which variant, how many elements. All combinations come up in turn,
/// the last decision changing first.
#[derive(Default)]
pub(super) struct Choices {
    taken: Vec<(usize, usize)>,
    at: usize,
    number: u8,
    /// The names of fields that the type was offered.
    offered: BTreeSet<&'static str>,
    /// The names of fields that it missed in a map.
    missed: Vec<&'static str>,
    /// The names of variants that it expected in place of a text.
    expected: Vec<&'static str>,
}

impl Choices {
    /// Begins another sample.
    #[inline]
    fn restart(&mut self) {
        (self.at, self.number) = (0, 0);
    }

    /// Changes the last decision that can still change.
    #[inline]
    fn advance(&mut self) -> bool {
        self.taken.truncate(self.at);
        while let Some((taken, of)) = self.taken.pop() {
            if taken + 1 < of {
                self.taken.push((taken + 1, of));
                return true;
            }
        }
        false
    }

    /// Takes names from what the type says that it lacks; tells whether there is a new one.
    #[inline]
    fn learn(&mut self, refusal: &Refusal) -> bool {
        match *refusal {
            Refusal::Missing(field) if !self.offered.contains(field) && !self.missed.contains(&field) => {
                self.missed.push(field);
            }
            Refusal::Variant(variants) if variants.iter().any(|variant| !self.expected.contains(variant)) => {
                self.expected.extend(variants);
            }
            _ => return false,
        }
        self.taken.clear();
        true
    }

    /// Decides on one of `of`, 0 first.
    #[inline]
    pub(super) fn choose(&mut self, of: usize) -> usize {
        if self.at == self.taken.len() {
            self.taken.push((0, of));
        }
        self.at += 1;
        self.taken.get(self.at - 1).map_or(0, |(taken, _)| *taken)
    }

    /// A number from 1 to 100, another one each time: so two fields that are mixed up differ.
    #[inline]
    pub(super) fn number(&mut self) -> u8 {
        self.number = self.number % 100 + 1;
        self.number
    }

    /// A text; one of many forms, for types that are particular about it.
    #[inline]
    pub(super) fn text(&mut self) -> String {
        const FORMS: &[&str] = &[
            "1",
            "1.5",
            "2026-01-02T03:04:05Z",
            "2026-01-02",
            "03:04:05",
            "2026-01-02T03:04:05",
            "00000000-0000-4000-8000-000000000001",
            "EUR",
            "a",
            "a@example.org",
            "https://example.org/",
            "127.0.0.1",
            "true",
            "",
        ];
        let number = self.number();
        match self.choose(1 + FORMS.len() + self.expected.len()).checked_sub(1) {
            None => format!("text {number}"),
            Some(at) => {
                let mut forms = FORMS.iter().chain(&self.expected);
                forms.nth(at).map(|text| (*text).to_owned()).unwrap_or_default()
            }
        }
    }

    /// Remembers the fields that a type is offered.
    #[inline]
    pub(super) fn offer(&mut self, fields: &[&'static str]) {
        self.offered.extend(fields);
    }

    /// The fields that the type missed in a map.
    #[inline]
    pub(super) fn missed(&self) -> Vec<&'static str> {
        self.missed.clone()
    }
}

/// Why a type did not take what it was given.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A field was not there.
    Missing(&'static str),
    /// A text is not one of these variants.
    Variant(&'static [&'static str]),
    /// Something else.
    Other(String),
}

impl From<String> for Refusal {
    #[inline]
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

impl fmt::Display for Refusal {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "missing field `{field}`"),
            Self::Variant(variants) => write!(f, "expected one of `{}`", variants.join("`, `")),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Refusal {}

impl serde::de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    #[inline]
    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    #[inline]
    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Variant(expected)
    }
}
