//! What older versions take over of the serde attributes of today.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]

use es_core::Event;
use serde::{Deserialize, Serialize};

use super::{decode, read};

/// What is written of a field in other words.
mod doubled {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value * 2)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        u64::deserialize(deserializer).map(|value| value / 2)
    }
}

mod hundredfold {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(value * 100.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        f64::deserialize(deserializer).map(|value| value / 100.0)
    }
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3, removed(paid_by: String, since = 3), removed(#[serde(rename = "TELLER")] teller_no: u8, since = 2))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Strict {
    #[event(renamed(from = paid_in, since = 2))]
    paid_sum: u64,
    #[serde(rename = "when", alias = "at")]
    #[event(renamed(from = recorded_at, since = 2), renamed(from = #[serde(rename = "ts")] time_stamp, since = 3))]
    at_time: u64,
    #[event(added(default = true, since = 3))]
    #[serde(default)]
    is_new: bool,
}

#[test]
fn names_are_those_of_their_version() {
    let expected = Strict { paid_sum: 1, at_time: 2, is_new: true };
    assert_eq!(read::<Strict>(1, r#"{"paidIn":1,"recordedAt":2,"paidBy":"x","TELLER":3}"#), expected);
    assert_eq!(read::<Strict>(2, r#"{"paidSum":1,"ts":2,"paidBy":"x"}"#), expected);
    let expected = Strict { is_new: false, ..expected };
    assert_eq!(read::<Strict>(3, r#"{"paidSum":1,"at":2}"#), expected);
    let error = decode::<Strict>(1, r#"{"paidIn":1,"recordedAt":2,"paidBy":"x","TELLER":3,"more":4}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `more`"), "{error}");
    let error = decode::<Strict>(2, r#"{"paidSum":1,"when":2,"paidBy":"x"}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `when`"), "{error}");
}

fn cents(euros: f64) -> u64 {
    format!("{:.0}", euros * 100.0).parse().unwrap()
}

fn ninety_nine() -> u64 {
    99
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
struct Typed {
    /// v1: `f64`, written a hundredfold; v2: `f64`; v3: `u64`, doubled.
    #[serde(with = "doubled", default = "ninety_nine")]
    #[event(changed(from = #[serde(with = "hundredfold")] f64, with = f64::from, since = 2))]
    #[event(changed(from = f64, with = cents, since = 3))]
    amount: u64,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[event(changed(from = Option<String>, with = |old| old.into_iter().collect(), since = 2))]
    notes: Vec<String>,
    #[serde(skip)]
    cached: u64,
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, u8>,
}

#[test]
fn what_is_bound_to_a_type_stays_with_it() {
    let expected = |amount, notes: &[&str]| Typed {
        amount,
        notes: notes.iter().map(|&note| note.to_owned()).collect(),
        cached: 0,
        rest: [("more".to_owned(), 1)].into(),
    };
    assert_eq!(read::<Typed>(1, r#"{"amount":150.0,"notes":"x","more":1}"#), expected(150, &["x"]));
    assert_eq!(read::<Typed>(2, r#"{"amount":1.5,"notes":["x"],"more":1}"#), expected(150, &["x"]));
    assert_eq!(read::<Typed>(3, r#"{"amount":300,"more":1}"#), expected(150, &[]));
    assert_eq!(read::<Typed>(3, r#"{"more":1}"#), expected(99, &[]));
    assert!(decode::<Typed>(2, r#"{"more":1}"#).is_err());
    assert_eq!(read::<Typed>(1, r#"{"amount":150.0,"more":1}"#), expected(150, &[]));
    let v1 = TypedV1 { amount: 1.5, notes: None, cached: 7, rest: std::collections::BTreeMap::new() };
    assert_eq!(serde_json::to_string(&v1).unwrap(), r#"{"amount":150.0,"notes":null}"#);
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3, removed(gone: u8, since = 2), removed(short: u8, since = 3, added = 2, default = 8))]
#[serde(default)]
struct Lenient {
    #[event(renamed(from = value, since = 2))]
    amount: u64,
    #[event(changed(from = u8, with = String::from_utf8_lossy_of, since = 3))]
    text: String,
}

trait FromUtf8LossyOf {
    fn from_utf8_lossy_of(byte: u8) -> String;
}

impl FromUtf8LossyOf for String {
    fn from_utf8_lossy_of(byte: u8) -> String {
        format!("byte {byte}")
    }
}

impl Default for Lenient {
    fn default() -> Self {
        Self { amount: 7, text: "missing".to_owned() }
    }
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[serde(default = "Elsewhere::empty")]
struct Elsewhere {
    amount: u64,
    #[event(added(default = 5, since = 2))]
    more: u64,
}

impl Elsewhere {
    fn empty() -> Self {
        Self { amount: 3, more: 4 }
    }
}

#[test]
fn what_is_missing_comes_from_the_default_of_today_where_the_field_is_the_same() {
    let expected = |amount, text: &str| Lenient { amount, text: text.to_owned() };
    assert_eq!(read::<Lenient>(1, "{}"), expected(7, "byte 0"));
    assert_eq!(read::<Lenient>(1, r#"{"value":1,"text":2,"gone":3}"#), expected(1, "byte 2"));
    assert_eq!(LenientV2::default(), LenientV2 { amount: 7, text: 0, short: 8 });
    assert_eq!(read::<Lenient>(3, "{}"), expected(7, "missing"));
    assert_eq!(read::<Elsewhere>(1, "{}"), Elsewhere { amount: 3, more: 5 });
    assert_eq!(read::<Elsewhere>(2, "{}"), Elsewhere { amount: 3, more: 4 });
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[serde(tag = "type", bound = "")]
struct Tagged {
    #[event(renamed(from = value, since = 2))]
    amount: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[serde(tag = "type")]
struct TaggedWithoutFields {
    #[event(added(default = 1, since = 2))]
    amount: u64,
}

#[test]
fn an_older_version_is_written_under_the_name_of_the_event() {
    assert_eq!(serde_json::to_string(&TaggedV1 { value: 1 }).unwrap(), r#"{"type":"Tagged","value":1}"#);
    assert_eq!(read::<TaggedWithoutFields>(1, r#"{"type":"TaggedWithoutFields"}"#), TaggedWithoutFields { amount: 1 });
    assert_eq!(read::<Tagged>(1, r#"{"type":"Tagged","value":1}"#), Tagged { amount: 1 });
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[serde(transparent)]
struct Transparent {
    #[event(changed(from = u8, with = u64::from, since = 2))]
    amount: u64,
}

#[test]
fn an_event_that_is_written_as_its_field_was_so_before() {
    assert_eq!(read::<Transparent>(1, "7"), Transparent { amount: 7 });
}

/// The lock sees what the versions had when they were those of today.
#[test]
fn shapes_have_the_attributes_of_their_version() {
    let es_core::Content::Named(fields) = Strict::SHAPES[1].shape.content else { panic!("fields") };
    let fields: Vec<_> = fields.iter().map(|field| (field.name, field.ty, field.serde)).collect();
    assert_eq!(
        fields,
        [("paid_sum", "u64", ""), ("time_stamp", "u64", "#[serde(rename = \"ts\")]"), ("paid_by", "String", "")]
    );
    assert_eq!(Strict::SHAPES[0].shape.serde, "#[serde(rename_all = \"camelCase\")]");
    let es_core::Content::Named(fields) = Typed::SHAPES[0].shape.content else { panic!("fields") };
    let fields: Vec<_> = fields.iter().map(|field| (field.name, field.ty, field.serde)).collect();
    assert_eq!(
        fields,
        [
            ("amount", "f64", "#[serde(with = \"hundredfold\")]"),
            ("notes", "Option<String>", ""),
            ("rest", "std::collections::BTreeMap<String, u8>", "#[serde(flatten)]"),
        ]
    );
}
