//! Samples of many kinds of types, and their files.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sample::sample;

/// What is made up of a `T`; it reads as one.
fn made<T: DeserializeOwned>() -> Value {
    let json = sample::<T>().unwrap();
    serde_json::from_value::<T>(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
    json
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Everything {
    text: String,
    letter: char,
    yes: bool,
    small: i8,
    large: u128,
    float: f32,
    maybe: Option<u64>,
    many: Vec<u16>,
    pair: (u8, String),
    by_name: BTreeMap<String, u64>,
    by_number: HashMap<u32, u64>,
    kind: Kind,
    nothing: (),
    marker: Marker,
    array: [u8; 3],
    any: Value,
}

#[derive(Deserialize)]
struct Marker;

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
enum Kind {
    Held { by: String, since: u64 },
    Free,
}

#[test]
fn a_sample_has_something_in_each_place() {
    assert_eq!(
        made::<Everything>(),
        json!({
            "text": "text 1",
            "letter": "c",
            "yes": true,
            "small": 3,
            "large": 4,
            "float": 5.5,
            "maybe": 6,
            "many": [7],
            "pair": [8, "text 9"],
            "by_name": { "text 10": 11 },
            "by_number": { "12": 13 },
            "kind": { "Held": { "by": "text 14", "since": 15 } },
            "nothing": null,
            "marker": null,
            "array": [16, 17, 18],
            "any": "text 19",
        })
    );
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email;

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.contains('@').then_some(Self).ok_or("an email has an @")
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Particular {
    email: Email,
    id: uuid::Uuid,
    month: std::num::NonZeroU8,
    #[serde(alias = "a", alias = "z")]
    named: u64,
    #[serde(skip)]
    cached: u64,
}

#[test]
fn a_type_that_is_particular_is_given_other_values() {
    let json = made::<Particular>();
    assert_eq!(json["email"], "a@example.org");
    assert_eq!(json["id"], "00000000-0000-4000-8000-000000000001");
    assert!(json["month"].is_u64() && json.get("cached").is_none(), "{json}");
    let names = ["named", "a", "z"];
    assert_eq!(names.iter().filter(|name| json.get(name).is_some()).count(), 1, "{json}");
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its shape counts")]
enum Tagged {
    Card { number: String },
    Cash,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape counts")]
enum Untagged {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Flat {
    amount: u64,
    #[serde(flatten)]
    rest: Rest,
    paid: Tagged,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Rest {
    note: String,
}

#[test]
fn tagged_untagged_and_flat_types_are_found_by_trying() {
    assert_eq!(made::<Tagged>()["kind"], "card");
    assert_eq!(made::<Untagged>(), "text 1");
    let flat = made::<Flat>();
    assert!(flat["amount"].is_u64() && flat["note"].is_string() && flat["paid"]["kind"].is_string(), "{flat}");
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Tree {
    left: Option<Box<Tree>>,
    children: Vec<Tree>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
enum Formula {
    Sum(Box<Formula>, Box<Formula>),
    Number(u64),
}

#[test]
fn a_type_that_holds_itself_comes_to_an_end() {
    made::<Tree>();
    made::<Formula>();
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Refusing;

impl TryFrom<String> for Refusing {
    type Error = &'static str;

    fn try_from(_: String) -> Result<Self, Self::Error> {
        Err("never that")
    }
}

#[test]
fn a_type_that_refuses_everything_says_why() {
    assert!(sample::<Refusing>().unwrap_err().contains("never that"));
}

mod files {
    use super::super::*;
    use super::*;
    use crate::aggregate::{Aggregate, Context, Decision, EventKind, Events};
    use crate::codec::{Codec, Json, Payload};
    use crate::evolution::DecodeError;
    use crate::model::{AggregateModel, EventModel};

    /// Version 1 was in euros, version 2 is in cents.
    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct Deposited {
        cents: i64,
    }

    #[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
    struct DepositedV1 {
        euros: i64,
    }

    /// An aggregate whose step from version 1 to 2 multiplies by `FACTOR`.
    #[derive(Debug, Clone, Default)]
    struct Account<const FACTOR: i64>;

    impl<const FACTOR: i64> crate::aggregate::IdOf<Account<FACTOR>> for String {
        fn id_text(&self) -> std::borrow::Cow<'_, str> {
            self.into()
        }
    }

    impl<const FACTOR: i64> Aggregate for Account<FACTOR> {
        type Id = String;
        type Command = ();
        type Event = Deposited;
        type Error = std::convert::Infallible;
        type Codec = Json;

        const NAME: &'static str = "account";
        const MODEL: AggregateModel = AggregateModel::new(
            "account",
            "",
            &[],
            &[],
            &[&EventModel::new("deposited", &[], "Deposited", "", 2, 1, &[])],
            &[],
        );

        fn initial() -> Self {
            Self
        }

        fn copy(&self) -> Self {
            Self
        }

        fn handle_command(&self, (): (), _: &Context) -> Decision<Self> {
            crate::aggregate::accept(Events::<Self>::none())
        }

        fn apply_event(&mut self, _: &Deposited) {}

        fn encode_event(event: &Deposited, bytes: &mut Vec<u8>) -> Result<EventKind, crate::BoxError> {
            Json::encode(event, bytes)?;
            Ok(EventKind { name: "deposited", version: 2 })
        }

        fn decode_event_by<C: Codec>(
            _: usize,
            version: u32,
            payload: &Payload<'_>,
        ) -> Result<Events<Self>, DecodeError> {
            let event = match version {
                1 => payload.read::<C, DepositedV1>().map(|old| Deposited { cents: old.euros * FACTOR }),
                _ => payload.read::<C, Deposited>(),
            };
            event.map(Events::one).map_err(|source| DecodeError::Payload {
                name: "deposited".to_owned(),
                version,
                source,
            })
        }
    }

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("es-golden-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            Self(folder)
        }

        fn run<A: Aggregate>(&self, may_add: bool) -> Result<Vec<String>, String> {
            let mut notes = Vec::new();
            match check(&[Samples::of::<A>()], &self.0, may_add, &mut notes) {
                Ok(()) => Ok(notes),
                Err(error) => Err(error.to_string()),
            }
        }

        fn path(&self, version: u32) -> std::path::PathBuf {
            self.0.join(format!("account/deposited.v{version}.json"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn one_sample_of_each_version_is_written_once() {
        let folder = Folder::new("written");
        let error = folder.run::<Account<100>>(false).unwrap_err();
        assert!(error.contains("deposited.v1.json`: it is not there; run `UPDATE_LOCK=1 cargo test`"), "{error}");
        assert_eq!(folder.run::<Account<100>>(true).unwrap().len(), 2);
        let text = std::fs::read_to_string(folder.path(1)).unwrap();
        let golden: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            golden,
            json!({
                "event": "deposited",
                "version": 1,
                "payload": { "euros": 1 },
                "became": [{ "event": "deposited", "version": 2, "payload": { "cents": 100 } }],
            })
        );
        assert_eq!(folder.run::<Account<100>>(false), Ok(Vec::new()));
        assert_eq!(std::fs::read_to_string(folder.path(1)).unwrap(), text);
    }

    #[test]
    fn a_step_that_does_something_else_is_noticed() {
        let folder = Folder::new("noticed");
        folder.run::<Account<100>>(true).unwrap();
        for may_add in [false, true] {
            let error = folder.run::<Account<10>>(may_add).unwrap_err();
            assert!(error.contains("deposited.v1.json`: what it became is not what it becomes now"), "{error}");
            assert!(error.contains("-         cents: 100") && error.contains("+         cents: 10"), "{error}");
            assert!(!error.contains("deposited.v2.json"), "{error}");
        }
    }

    #[test]
    fn a_sample_may_be_written_by_hand() {
        let folder = Folder::new("by-hand");
        folder.run::<Account<100>>(true).unwrap();
        let hand = r#"{ "event": "deposited", "version": 1, "payload": { "euros": -7 } }"#;
        let path = folder.0.join("account/deposited.negative.json");
        std::fs::write(&path, hand).unwrap();
        let error = folder.run::<Account<100>>(false).unwrap_err();
        assert!(error.contains("does not say what the event `became`"), "{error}");
        folder.run::<Account<100>>(true).unwrap();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(golden["became"][0]["payload"], json!({ "cents": -700 }));
        assert_eq!(folder.run::<Account<100>>(false), Ok(Vec::new()));
    }

    #[test]
    fn a_file_that_is_no_sample_is_told_by_its_path() {
        let folder = Folder::new("broken");
        folder.run::<Account<100>>(true).unwrap();
        let cases = [
            ("", "it is not a golden sample"),
            ("{}", "it is not a golden sample"),
            (r#"{"event":"deposited","version":9,"payload":{},"became":[]}"#, "is not what it should be"),
            (r#"{"event":"opened","version":1,"payload":{},"became":[]}"#, "has no event `opened`"),
            (
                r#"{"event":"deposited","version":1,"payload":{"euros":1},"became":[{"event":"deposited","version":2}]}"#,
                "neither a `payload` nor `bytes`, or has both",
            ),
            (
                r#"{"event":"deposited","version":1,"payload":{"euros":1},
                    "became":[{"event":"deposited","version":2,"bytes":{"format":"x","hex":"0"}}]}"#,
                "`0` is not hexadecimal",
            ),
        ];
        for (text, what) in cases {
            std::fs::write(folder.path(1), text).unwrap();
            let error = folder.run::<Account<100>>(true).unwrap_err();
            assert!(error.contains("deposited.v1.json`: "), "{error}");
            assert!(error.contains(what), "{error}");
            assert_eq!(std::fs::read_to_string(folder.path(1)).unwrap(), text, "a sample is never rewritten");
        }
    }
}
