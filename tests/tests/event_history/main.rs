//! Events with a history: each recorded version reads as what it is today.
#![allow(missing_docs, unreachable_pub, dead_code, reason = "a test")]

mod defaults;
mod places;
mod positions;
mod serde_attributes;

use es_core::{Codec, DecodeError, Event, Json, Payload};

/// Reads JSON that was recorded as `version`.
#[track_caller]
fn read<E: Event>(version: u32, json: &str) -> E {
    decode(version, json).unwrap()
}

fn decode<E: Event>(version: u32, json: &str) -> Result<E, DecodeError> {
    E::decode::<Json>(version, &Payload { format: Json::FORMAT, bytes: json.as_bytes() })
}

mod long {
    use ::serde::{Deserialize, Serialize};
    use es_core::prelude::*;

    /// v1: `{ n, gone_first }`, v2: `{ n, note, gone_first }`, v3: `{ n, memo, came_and_went }`,
    /// v4: `{ count, memo, came_and_went }`, v5: `{ count, memo: Vec }`, v6: `{ total, memo: Vec, at }`
    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "long", version = 6)]
    #[event(removed(gone_first: bool, since = 3), removed(came_and_went: Option<String>, since = 5, added = 3))]
    pub struct Long {
        #[event(renamed(from = n, since = 4), renamed(from = count, since = 6))]
        #[event(changed(from = u8, with = u32::from, since = 4), changed(from = u32, with = |n: u32| u64::from(n) * 10, since = 6))]
        pub total: u64,
        #[event(added(default = "none".to_owned(), since = 2), renamed(from = note, since = 3))]
        #[event(changed(from = String, with = |text| vec![text], since = 5))]
        pub memo: Vec<String>,
        #[event(added(default = std::collections::BTreeMap::<u8, u8>::from([(1, 2)]), since = 6))]
        pub at: std::collections::BTreeMap<u8, u8>,
    }
}

#[test]
fn a_field_changes_in_many_ways_over_many_versions() {
    use long::*;
    let at = [(1, 2)].into();
    let expected = |total, memo: &str| Long { total, memo: vec![memo.to_owned()], at: std::clone::Clone::clone(&at) };
    assert_eq!(read::<Long>(1, r#"{"n":7,"gone_first":true}"#), expected(70, "none"));
    assert_eq!(read::<Long>(2, r#"{"n":7,"note":"x","gone_first":true}"#), expected(70, "x"));
    assert_eq!(read::<Long>(3, r#"{"n":7,"memo":"x","came_and_went":"y"}"#), expected(70, "x"));
    assert_eq!(read::<Long>(4, r#"{"count":700,"memo":"x","came_and_went":null}"#), expected(7000, "x"));
    assert_eq!(read::<Long>(5, r#"{"count":700,"memo":["x"]}"#), expected(7000, "x"));
    assert_eq!(read::<Long>(6, r#"{"total":700,"memo":["x"],"at":{"1":2}}"#), expected(700, "x"));

    let v2 = LongV2 { n: 1, note: "a".into(), gone_first: false };
    assert_eq!(LongV3::from(v2.clone()), LongV3 { n: 1, memo: "a".into(), came_and_went: None });
    assert_eq!(Long::from(v2), expected(10, "a"));
    assert_eq!(
        decode::<Long>(7, "{}").unwrap_err().to_string(),
        "event `long` has version 7 in the journal, but this program knows only versions 1 to 6"
    );
    assert!(decode::<Long>(0, "{}").unwrap_err().to_string().contains("has version 0 in the journal"));
    assert!(
        decode::<Long>(3, r#"{"n":7,"note":"x","gone_first":true}"#).unwrap_err().to_string().starts_with(
            "event `long` version 3 is not what it should be: its json does not read: missing field `memo`"
        )
    );
}

mod chain {
    use ::serde::{Deserialize, Serialize};
    use es_core::prelude::*;

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "chain", version = 5, previous = Middle)]
    pub struct Chain {
        #[event(renamed(from = text, since = 5))]
        pub words: String,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "chain", version = 3, previous = First)]
    pub struct Middle {
        pub text: u64,
        #[event(added(default = 3, since = 3))]
        pub more: u64,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "chain")]
    pub struct First(pub u64);

    impl From<First> for MiddleV2 {
        fn from(First(text): First) -> Self {
            Self { text }
        }
    }

    impl From<Middle> for ChainV4 {
        fn from(Middle { text, more }: Middle) -> Self {
            Self { text: format!("{text} {more}") }
        }
    }
}

#[test]
fn histories_and_own_steps_mix() {
    use chain::Chain;
    let expected = |words: &str| Chain { words: words.to_owned() };
    assert_eq!(read::<Chain>(1, "7"), expected("7 3"));
    assert_eq!(read::<Chain>(2, r#"{"text":7}"#), expected("7 3"));
    assert_eq!(read::<Chain>(3, r#"{"text":7,"more":8}"#), expected("7 8"));
    assert_eq!(read::<Chain>(4, r#"{"text":"x"}"#), expected("x"));
    assert_eq!(read::<Chain>(5, r#"{"words":"x"}"#), expected("x"));
    assert_eq!((Chain::MODEL.oldest, Chain::MODEL.version), (1, 5));
    let versions: Vec<u32> = Chain::SHAPES.iter().map(|shape| shape.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    for version in [0, 6] {
        let error = decode::<Chain>(version, "7").unwrap_err().to_string();
        let text =
            format!("event `chain` has version {version} in the journal, but this program knows only versions 1 to 5");
        assert_eq!(error, text);
    }
}
