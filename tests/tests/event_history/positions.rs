//! Where fields stood, for formats that write no names. Serde reads a struct from an array by the positions.

use es_core::Event;
use serde::{Deserialize, Serialize};

use super::{decode, read};

/// v1: `a, gone, b`; v2: `first, a, gone, n, b, last`; v3: `a, n, b, more, last`; v4: `a, n, b`
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 4)]
#[event(removed(gone: bool, since = 3, after = x), removed(first: u8, since = 3, added = 2, before = x))]
#[event(removed(last: u8, since = 4, added = 2), removed(more: u8, since = 4, added = 3, before = last))]
struct Placed {
    #[event(renamed(from = x, since = 4))]
    a: u8,
    #[event(added(default = 0, since = 2))]
    n: u8,
    b: String,
}

#[test]
fn removed_fields_stand_where_they_stood() {
    let expected = |n| Placed { a: 1, n, b: "b".to_owned() };
    assert_eq!(read::<Placed>(1, r#"[1, true, "b"]"#), expected(0));
    assert_eq!(read::<Placed>(2, r#"[8, 1, true, 5, "b", 9]"#), expected(5));
    assert_eq!(read::<Placed>(3, r#"[1, 5, "b", 6, 9]"#), expected(5));
    assert_eq!(read::<Placed>(4, r#"[1, 5, "b"]"#), expected(5));
}

/// Each of them behind the same one, as they are declared.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[event(removed(one: u8, since = 2, after = a), removed(two: u8, since = 2, after = a), removed(three: u8, since = 2, after = two))]
struct Behind {
    a: u8,
    b: u8,
}

#[test]
fn removed_fields_stand_in_the_order_of_their_declaration() {
    assert_eq!(read::<Behind>(1, "[1, 2, 3, 4, 5]"), Behind { a: 1, b: 5 });
    let v1 = BehindV1 { a: 1, one: 2, two: 3, three: 4, b: 5 };
    assert_eq!(serde_json::to_string(&v1).unwrap(), r#"{"a":1,"one":2,"two":3,"three":4,"b":5}"#);
}

/// v1: `(u8, String)`, v2: `(u8, bool, String)`, v3: `(u64, bool, String)`
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
struct Numbered(
    #[event(changed(from = u8, with = u64::from, since = 3))] u64,
    #[event(added(default = true, since = 2))] bool,
    String,
);

/// v1: `u8`, v2: `(u8, bool)`
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
struct Grown(u8, #[event(added(default = true, since = 2))] bool);

#[test]
fn tuple_structs_grow_and_change() {
    assert_eq!(read::<Numbered>(1, r#"[7, "x"]"#), Numbered(7, true, "x".into()));
    assert_eq!(read::<Numbered>(2, r#"[7, false, "x"]"#), Numbered(7, false, "x".into()));
    assert_eq!(Numbered::from(NumberedV1(7, "x".into())), Numbered(7, true, "x".into()));
    assert_eq!(read::<Grown>(1, "7"), Grown(7, true));
}

/// v1: nothing
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
struct Closed {
    #[event(added(default = String::from("none"), since = 2))]
    reason: String,
}

/// v1: `{ reason }`, v2: nothing
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(reason: String, since = 2))]
struct Opened;

/// v1: a struct of its own, v2: nothing
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, previous = SwitchedV1, name = "switched")]
enum Switched {
    On { at: u64 },
    Off,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "switched")]
enum SwitchedV1 {
    On,
    Off,
}

impl From<SwitchedV1> for Switched {
    fn from(old: SwitchedV1) -> Self {
        match old {
            SwitchedV1::On => Self::On { at: 0 },
            SwitchedV1::Off => Self::Off,
        }
    }
}

#[test]
fn events_without_fields_get_some_and_the_other_way_round() {
    assert_eq!(read::<Closed>(1, "null"), Closed { reason: "none".into() });
    assert_eq!(Closed::from(ClosedV1), Closed { reason: "none".into() });
    // It may have been written with braces.
    assert_eq!(read::<Closed>(1, "{}"), Closed { reason: "none".into() });
    assert!(decode::<Closed>(1, r#"{"reason":"x"}"#).is_err());
    assert!(decode::<Closed>(1, "[1]").is_err());
    assert!(decode::<Closed>(1, "7").is_err());
    assert_eq!(read::<Opened>(1, r#"{"reason":"x"}"#), Opened);
    assert_eq!(read::<Opened>(2, "null"), Opened);
    assert_eq!(read::<Switched>(1, r#""On""#), Switched::On { at: 0 });
    assert_eq!(read::<Switched>(2, r#"{"On":{"at":1}}"#), Switched::On { at: 1 });
    let versions: Vec<u32> = Switched::SHAPES.iter().map(|shape| shape.version).collect();
    assert_eq!(versions, [1, 2]);
}
