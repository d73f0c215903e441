//! What each fuzz target does with some bytes. Run by cargo-fuzz, and by a test on the seeds.

mod domain;

use es_core::testing::lock_texts;
use es_core::{Aggregate, Payload, StreamId};

use domain::{InJson, InPostcard};

/// The formats of a payload, by the first byte.
const FORMATS: [&str; 4] = ["json", "postcard", "xml", ""];

/// Decodes an event: the format, which event, its version, then the payload. What decodes is written and read again, and is
/// the same.
pub fn decode(data: &[u8]) {
    let [format, event, version, bytes @ ..] = data else { return };
    let payload = Payload { format: FORMATS[usize::from(*format) % FORMATS.len()], bytes };
    decode_as::<InJson>(*event, *version, payload);
    decode_as::<InPostcard>(*event, *version, payload);
}

fn decode_as<A: Aggregate>(event: u8, version: u8, payload: Payload<'_>) {
    let names: Vec<&str> =
        A::MODEL.recorded_events().flat_map(|event| [&[event.name], event.aliases].concat()).collect();
    let name = names.get(usize::from(event)).copied().unwrap_or("unknown");
    let decoded = A::resolve(name).and_then(|index| A::decode_event(index, version.into(), &payload));
    let events = match decoded {
        Ok(events) => events,
        // The message must come to an end too.
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    // A float that is no number is not even the same as itself.
    let same = |event: &&A::Event| (*event).clone() == **event;
    for event in events.iter().filter(same) {
        let mut bytes = Vec::new();
        let Ok(kind) = A::encode_event(event, &mut bytes) else { continue };
        let written = Payload { format: <A::Codec as es_core::Codec>::FORMAT, bytes: &bytes };
        let again = A::resolve(kind.name).and_then(|index| A::decode_event(index, kind.version, &written));
        match again {
            Ok(again) => assert_eq!(again.as_slice(), std::slice::from_ref(event)),
            // JSON has no infinite numbers; such an event is refused before it is written.
            Err(error) => assert!(format!("{event:?}").contains("inf"), "{event:?}: {error}"),
        }
    }
}

/// Reads a schema lock. What reads is written and read again, and is the same.
pub fn lock_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match lock_texts(text) {
        Ok([written, blocks]) => {
            assert_eq!(lock_texts(&written), Ok([written, blocks.clone()]), "{text}");
            assert_eq!(lock_texts(&blocks).map(|[_, again]| again), Ok(blocks), "{text}");
        }
        Err(message) => assert!(message.starts_with("line ")),
    }
}

/// Makes a stream of a name and an id, with the first line end between them. What is one prints as both.
pub fn stream_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (aggregate, id) = text.split_once('\n').unwrap_or(("account", &text));
    match StreamId::new(aggregate, id) {
        Ok(stream) => {
            assert_eq!((stream.aggregate(), stream.id()), (aggregate, id));
            assert_eq!(stream.to_string(), format!("{aggregate}/{id}"));
            assert_eq!(StreamId::new(stream.aggregate(), stream.id()).as_ref(), Ok(&stream));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
