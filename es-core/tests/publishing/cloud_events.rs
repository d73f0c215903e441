//! Messages are `CloudEvents` 1.0.

use std::sync::Arc;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher, published};
use es_core::{Append, CausationId, CorrelationId, ExpectedVersion, MemoryStore, NewEvent, OutboxMessage};
use serde_json::{Map, Value};

use crate::domain::{Account, BankNews, Decreased, Increased, MoneyIn, MoneyOut, Noted, append, increased};

/// Checks a message against the rules of the specification, sections "Context Attributes" and "JSON Event Format".
pub fn check(message: &OutboxMessage) -> Map<String, Value> {
    assert!(!message.json.contains('\n'), "it is one line: {}", message.json);
    let event: Map<String, Value> = serde_json::from_str(&message.json).unwrap();
    let text = |name: &str| event[name].as_str().unwrap_or_else(|| panic!("`{name}` is a string")).to_owned();
    assert_eq!(text("specversion"), "1.0");
    for required in ["id", "source", "type"] {
        assert!(!text(required).is_empty(), "`{required}` is not empty");
    }
    assert_eq!(text("id"), message.id);
    assert_eq!(text("type"), message.event_type);
    assert!(!text("subject").is_empty());
    assert_eq!(text("datacontenttype"), "application/json");
    text("time").parse::<Timestamp>().unwrap();
    for (name, value) in &event {
        let in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(name.bytes().all(in_name) && name.len() <= 20, "`{name}` can be the name of an attribute");
        if name != "data" {
            let value = value.as_str().unwrap_or_else(|| panic!("`{name}` is a string"));
            let refused = |char: char| char.is_control() || u32::from(char) & 0xfffe == 0xfffe;
            assert!(!value.is_empty() && !value.contains(refused), "`{name}` is {value:?}");
        }
    }
    assert!(event.contains_key("data"));
    // Each name once: a parser takes the last of two.
    for name in event.keys() {
        assert_eq!(message.json.matches(&format!("\"{name}\":")).count(), 1, "`{name}` in {}", message.json);
    }
    event
}

async fn sent(store: &MemoryStore) -> Vec<OutboxMessage> {
    let publisher = TestPublisher::new();
    let mut relay = Relay::from_start(store, &MemoryOutbox::new(), BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    publisher.sent()
}

#[tokio::test]
async fn a_message_says_all_that_cloud_events_asks_for() {
    let store = MemoryStore::new();
    let metadata = Metadata {
        correlation_id: Some(CorrelationId::new()),
        causation_id: Some(CausationId::new()),
        ..Metadata::default()
    };
    let id = EventId::new();
    let event = NewEvent {
        id,
        name: "increased".into(),
        version: 1,
        format: "json".into(),
        payload: br#"{"by":5}"#.to_vec(),
        metadata: Arc::new(metadata.clone()),
    };
    let stream = StreamId::new("account", "alice").unwrap();
    let appended = store.append(Append::to_stream(stream, ExpectedVersion::Any, vec![event])).await.unwrap();
    let messages = sent(&store).await;
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    let event = check(message);
    assert_eq!(event["id"], format!("{id}-0"));
    assert_eq!(event["source"], "https://bank.example/accounts");
    assert_eq!(event["type"], "com.example.bank.money-in.v1");
    assert_eq!(event["subject"], "account/alice");
    assert_eq!(event["partitionkey"], "account/alice");
    assert_eq!(event["correlationid"], metadata.correlation_id.unwrap().to_string());
    assert_eq!(event["causationid"], metadata.causation_id.unwrap().to_string());
    assert_eq!(event["data"], serde_json::json!({ "account": "alice", "cents": 500 }));
    assert_eq!(event["time"], appended.recorded_at.to_string());
    assert_eq!(message.data::<MoneyIn>().unwrap(), MoneyIn { account: "alice".into(), cents: 500 });
    assert_eq!(message.attribute("subject").as_deref(), Some("account/alice"));
    assert_eq!((message.attribute("data"), message.attribute("none")), (None, None));
}

#[test]
fn an_event_becomes_none_or_one_or_several() {
    let told = published::<Account, _>(
        BankNews,
        "alice",
        (Increased { by: 0 }, Noted { what: "nothing".into() }, Increased { by: 1 }, Decreased { by: 2 }),
    );
    let told = told.unwrap();
    let events: Vec<_> = told.iter().map(check).collect();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let (money_in, money_out) = ("com.example.bank.money-in.v1", "com.example.bank.money-out.v3");
    assert_eq!(types, [money_in, money_out, money_out]);
    assert_eq!(told[2].data::<MoneyOut>().unwrap(), MoneyOut { cents: 220 });
    assert_eq!((&events[2]["subject"], &events[2]["currency"]), (&"dollars".into(), &"usd".into()));
    let ids: Vec<_> = told.iter().map(|message| message.id.rsplit_once('-').unwrap()).collect();
    assert_eq!((ids[1].0, ids[1].1, ids[2].1), (ids[2].0, "0", "1"), "one event, two messages");
    let sequences: Vec<_> = events.iter().map(|event| event["sequence"].as_str().unwrap()).collect();
    assert!(sequences.is_sorted() && sequences[1] != sequences[2], "{sequences:?}");
}

#[tokio::test]
async fn older_names_and_retired_events_are_published_as_what_they_are_today() {
    let store = MemoryStore::new();
    let exchanged = ("exchanged", r#"{"more":7,"less":3}"#.to_owned());
    append(&store, "alice", &[("paid_in", r#"{"by":1}"#.to_owned()), exchanged, increased(2)]).await;
    let messages = sent(&store).await;
    for message in &messages {
        check(message);
    }
    let cents: Vec<u64> =
        messages.iter().map(|message| message.data::<Value>().unwrap()["cents"].as_u64().unwrap()).collect();
    assert_eq!(cents, [100, 700, 300, 330, 200]);
    let suffixes: Vec<_> = messages.iter().map(|message| message.id.rsplit_once('-').unwrap().1).collect();
    assert_eq!(suffixes, ["0", "0", "1.0", "1.1", "0"]);
    let mut ids: Vec<_> = messages.iter().map(|message| &message.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each has an id of its own");
    assert!(messages.iter().map(|message| message.attribute("sequence")).is_sorted());
}

#[test]
fn an_id_with_strange_characters_becomes_attributes_without() {
    let told = published::<Account, _>(BankNews, "a\nb\u{7f}\u{fffe} \u{e9}'\"\\", Increased { by: 1 }).unwrap();
    let event = check(&told[0]);
    assert_eq!(event["subject"], "account/a%0Ab%7F%EF%BF%BE \u{e9}'\"\\");
    assert_eq!(told[0].stream.id(), "a\nb\u{7f}\u{fffe} \u{e9}'\"\\");
}

#[test]
fn what_cannot_be_published_says_why() {
    let add = |public: Public| {
        let error = PublicEvents::default().add(public).unwrap_err();
        error.to_string()
    };
    let public = || Public::new(MoneyOut { cents: 1 });
    for name in ["", "Upper", "with_underscore", "with-dash", "of-more-than-twenty-letters", "\u{e9}", "a b"] {
        assert!(add(public().attribute(name, "x")).contains("lower-case ASCII letters"), "{name}");
    }
    for name in ["id", "source", "type", "specversion", "data", "time", "subject", "sequence", "partitionkey"] {
        assert!(add(public().attribute(name, "x")).contains("a meaning of its own"), "{name}");
    }
    assert!(add(public().attribute("tenant", "")).contains("is empty"));
    assert!(add(public().attribute("tenant", "a\u{1}b")).contains("which attributes cannot have"));
    assert!(add(public().subject("")).contains("the subject"));
    let error = published::<Account, _>(BankNews, "alice", Increased { by: 666 }).unwrap_err();
    assert_eq!(error.to_string(), "nobody is told of 666");
    let error = published::<Account, _>(BankNews, "alice", Increased { by: 999 }).unwrap_err();
    assert_eq!(error.to_string(), "it panicked: 999 panics");
}

/// Data that JSON does not have.
struct Odd;

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it is odd"))
    }
}

impl PublicEvent for Odd {
    const NAME: &'static str = "odd";
}

#[test]
fn data_that_is_no_json_is_an_error() {
    let error = PublicEvents::default().add(Odd).unwrap_err();
    assert_eq!(error.to_string(), "the public event `odd.v1` cannot be written: it is odd");
}
