//! J11: what an event holds, and how much.

use std::collections::BTreeMap;

use super::given::{account, append, bytes, event, events, named, part, refused, to};
use super::harness::{Harness, open};
use super::seen::of_stream;
use crate::event::Metadata;
use crate::journal::{Append, AppendError, ExpectedVersion, Journal, NewEvent, limits};

/// Appends events one by one and together, and reads them back.
async fn come_back<J: Journal>(journal: &J, written: Vec<NewEvent>) {
    let (one_by_one, together) = (account("one by one"), account("together"));
    for event in &written {
        append(journal, &one_by_one, vec![NewEvent { id: crate::EventId::new(), ..event.clone() }]).await;
    }
    append(journal, &together, written.clone()).await;
    for stream in [one_by_one, together] {
        let found = of_stream(journal, &stream).await;
        assert_eq!(found.len(), written.len());
        for (found, written) in found.into_iter().zip(&written) {
            let differs = format!("`{}` of {} bytes did not come back", written.name, written.payload.len());
            assert!(found.event == NewEvent { id: found.event.id, ..written.clone() }, "{differs}: {found:?}");
        }
    }
}

/// JSON that holds a text.
fn json(text: &str) -> NewEvent {
    NewEvent { payload: serde_json::to_vec(&serde_json::json!({ "text": text })).expect("a text as JSON"), ..event(0) }
}

pub(super) async fn j11_payloads_of_no_byte_and_of_each_byte_come_back<H: Harness>(place: H) {
    let mut written = vec![bytes(Vec::new())];
    written.extend((0..=u8::MAX).map(|byte| bytes(vec![byte])));
    written.push(bytes((0..=u8::MAX).collect()));
    written.push(NewEvent { payload: b"7".to_vec(), ..event(0) });
    come_back(&open(&place).await, written).await;
}

pub(super) async fn j11_a_text_of_any_characters_comes_back<H: Harness>(place: H) {
    let mut written: Vec<_> = (0..=u8::MAX).map(|byte| json(&char::from(byte).to_string())).collect();
    written.push(json(&(0..=u8::MAX).map(char::from).collect::<String>()));
    for text in
        ["", "\u{feff}", "\u{10ffff}\u{1f600}", "e\u{301}\u{e9}", "\u{202e}", "'; DROP TABLE event; --", "\\x00"]
    {
        written.push(json(text));
    }
    come_back(&open(&place).await, written).await;
}

pub(super) async fn j11_a_payload_of_1_mib_comes_back<H: Harness>(place: H) {
    let text = NewEvent { payload: format!("\"{}\"", "x".repeat(limits::EVENT_BYTES - 2)).into_bytes(), ..event(0) };
    assert_eq!(text.payload.len(), 1024 * 1024);
    let binary = bytes((0..limits::EVENT_BYTES).map(|index| (index % 251).to_le_bytes()[0]).collect());
    come_back(&open(&place).await, vec![text, event(1), binary]).await;
}

pub(super) async fn j11_a_payload_above_1_mib_is_refused<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &alice, events(1)).await;
    for size in [limits::EVENT_BYTES + 1, 4 * limits::EVENT_BYTES] {
        for event in [bytes(vec![0; size]), NewEvent { payload: vec![b'1'; size], ..event(0) }] {
            match refused(&store, to(&alice, ExpectedVersion::Any, vec![event])).await {
                AppendError::TooLarge { stream, size: found, limit, .. } => {
                    assert_eq!((stream, found, limit), (Some(alice.clone()), size, limits::EVENT_BYTES));
                }
                other => panic!("a payload of {size} bytes gave: {other}"),
            }
        }
    }
}

pub(super) async fn j11_a_payload_nested_128_deep_comes_back<H: Harness>(place: H) {
    let arrays = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let objects = format!("{}1{}", "{\"a\":".repeat(128), "}".repeat(128));
    let written = [arrays, objects].map(|text| NewEvent { payload: text.into_bytes(), ..event(0) });
    come_back(&open(&place).await, written.into()).await;
}

pub(super) async fn j11_an_append_has_up_to_1000_events_and_1000_streams<H: Harness>(place: H) {
    let store = open(&place).await;
    let to_streams = |count: u64, run: &str| Append {
        streams: (0..count)
            .map(|number| part(&account(&format!("{run} {number}")), ExpectedVersion::NoStream, events(1)))
            .collect(),
    };
    let appended = append(&store, &account("alice"), events(1_000)).await;
    assert_eq!(appended.streams[0].versions, Some(1..=1_000));
    let appended = super::given::accepted(&store, to_streams(1_000, "most")).await;
    assert_eq!(appended.streams.len(), 1_000);
    for append in [to(&account("alice"), ExpectedVersion::Any, events(1_001)), to_streams(1_001, "more")] {
        let error = refused(&store, append).await;
        assert!(matches!(error, AppendError::TooLarge { size: 1_001, limit: 1_000, .. }), "{error}");
    }
}

pub(super) async fn j11_names_of_events_have_up_to_255_bytes_of_any_characters<H: Harness>(place: H) {
    let store = open(&place).await;
    let mut written: Vec<_> =
        ["a", "A", "opened.v2", "Ereignis \u{e9}", "e\u{301}", "%", "_", "'", "\"", "a b", "\n", "\u{1f600}"]
            .map(named)
            .into();
    written.push(named(&"n".repeat(limits::EVENT_NAME_BYTES)));
    written.push(NewEvent { version: u32::MAX, ..event(0) });
    come_back(&store, written).await;
    for name in ["", &"n".repeat(limits::EVENT_NAME_BYTES + 1)] {
        let error = refused(&store, to(&account("alice"), ExpectedVersion::Any, vec![named(name)])).await;
        assert!(matches!(error, AppendError::Invalid { .. }), "{error}");
    }
}

pub(super) async fn j11_metadata_of_64_kib_comes_back_and_above_it_is_refused<H: Harness>(place: H) {
    let store = open(&place).await;
    let with = |size: usize| {
        let extra = BTreeMap::from([("key".to_owned(), "x".repeat(size - 3))]);
        NewEvent { metadata: Metadata { extra, ..Metadata::default() }.into(), ..event(0) }
    };
    come_back(&store, vec![with(limits::METADATA_BYTES)]).await;
    let error =
        refused(&store, to(&account("alice"), ExpectedVersion::Any, vec![with(limits::METADATA_BYTES + 1)])).await;
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error}");
}
