//! Reading an event of today costs what it costs without a history.

use std::cell::RefCell;

use es_core::prelude::*;
use es_core::{BoxError, Payload};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::events::{Chain, Deposited, Long};

thread_local! {
    static ASKED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// JSON that notes down what is asked of it.
struct Noting;

impl Codec for Noting {
    const FORMAT: &'static str = "noting";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        Json::encode(value, bytes)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        ASKED.with_borrow_mut(|asked| asked.push(std::any::type_name::<T>()));
        Json::decode(bytes)
    }
}

/// What is asked of the codec to read an `E`.
fn asked<E: Event>(version: u32, json: &str) -> Vec<&'static str> {
    E::decode::<Noting>(version, &Payload { format: Noting::FORMAT, bytes: json.as_bytes() }).unwrap();
    ASKED.take()
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Plain {
    amount: i64,
    notes: Vec<u8>,
    at: u64,
}

#[test]
fn an_event_is_read_once_and_as_what_it_was_recorded_as() {
    let today = r#"{"amount":1,"notes":[],"at":2}"#;
    assert_eq!(asked::<Plain>(1, today), [std::any::type_name::<Plain>()]);
    assert_eq!(asked::<Deposited>(3, today), [std::any::type_name::<Deposited>()]);
    let older = asked::<Deposited>(1, r#"{"value":1.5,"teller":"t","at":2}"#);
    assert_eq!(older, [std::any::type_name::<super::events::DepositedV1>()]);
    let oldest = asked::<Long>(1, r#"{"gone":true,"n":1}"#);
    assert_eq!(oldest, [std::any::type_name::<super::events::LongV1>()]);
    assert_eq!(asked::<Chain>(1, "7"), [std::any::type_name::<super::events::First>()]);
    assert_eq!(asked::<Chain>(5, r#"{"words":""}"#), [std::any::type_name::<Chain>()]);
}
