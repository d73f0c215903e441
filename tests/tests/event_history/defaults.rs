//! What older versions have where a field is missing, and how an event without fields reads.

use es_core::Event;
use serde::{Deserialize, Serialize};

use super::read;

/// Its name is that of nothing in the generated code.
fn old(euros: i64) -> i64 {
    euros * 100
}

/// The same.
fn now() -> u8 {
    7
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 4)]
#[serde(default)]
struct Paid {
    #[event(changed(from = i64, with = old, since = 2))]
    cents: i64,
    #[event(added(default = now(), since = 2), changed(from = u8, with = u16::from, since = 3))]
    #[event(changed(from = u16, with = u32::from, since = 4))]
    till: u32,
}

impl Default for Paid {
    fn default() -> Self {
        Self { cents: 100, till: 3 }
    }
}

#[test]
fn a_default_of_today_is_not_one_of_a_time_when_it_meant_something_else() {
    assert_eq!(read::<Paid>(1, "{}"), Paid { cents: 0, till: 7 });
    assert_eq!(read::<Paid>(2, "{}"), Paid { cents: 100, till: 7 });
    assert_eq!(read::<Paid>(3, "{}"), Paid { cents: 100, till: 0 });
    assert_eq!(read::<Paid>(4, "{}"), Paid { cents: 100, till: 3 });
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[event(version = 2)]
#[serde(default)]
struct Closed {
    #[event(added(default = 4, since = 2))]
    reason: u8,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
struct Opened(#[event(added(default = 4, since = 2))] u8, #[event(added(default = 5, since = 2))] u8);

#[test]
fn an_event_that_had_no_fields_reads_however_it_was_written() {
    for json in ["null", "{}"] {
        assert_eq!(read::<Closed>(1, json), Closed { reason: 4 });
    }
    for json in ["null", "{}", "[]"] {
        assert_eq!(read::<Opened>(1, json), Opened(4, 5));
    }
}

/// What is written of a number in halves.
mod halves {
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(value * 2)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        i64::deserialize(deserializer).map(|value| value / 2)
    }
}

fn text(number: i64) -> String {
    number.to_string()
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
struct Both {
    #[event(renamed(from = #[serde(with = "halves")] one, since = 2), changed(from = i64, with = text, since = 2))]
    first: String,
    #[event(changed(from = #[serde(rename = "TWO")] i64, with = text, since = 2), renamed(from = two, since = 2))]
    second: String,
}

#[test]
fn what_is_written_of_an_older_form_stays_whichever_change_comes_first() {
    let expected = Both { first: "4".to_owned(), second: "5".to_owned() };
    assert_eq!(read::<Both>(1, r#"{"one":8,"TWO":5}"#), expected);
}
