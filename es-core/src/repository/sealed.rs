//! The payload of a snapshot: the state, and a checksum that tells whether it still is what was written.

use crate::BoxError;
use crate::codec::{Codec as _, Json};
use crate::event::EventId;
use crate::evolution::state::{SEED, hash};

// Around JSON, so that the whole is JSON, and a person and a query can read it.
const HEAD: &[u8] = b"{\"checksum\":\"";
const BEFORE_STATE: &[u8] = b"\",\"state\":";
const END: &[u8] = b"}";
const HEX_DIGITS: usize = 16;

/// Writes a state by `encode`, in the format `format`, with the checksum that it has as the one after the event `id`.
pub(crate) fn seal(
    format: &str,
    id: EventId,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), BoxError>,
) -> Result<Vec<u8>, BoxError> {
    let mut state = Vec::new();
    encode(&mut state)?;
    let checksum = checksum(id, &state);
    if format == Json::FORMAT {
        return Ok([HEAD, hex(checksum).as_bytes(), BEFORE_STATE, &state, END].concat());
    }
    state.extend(checksum.to_be_bytes());
    Ok(state)
}

/// The bytes of the state, which are those that were written.
pub(super) fn open<'a>(format: &str, id: EventId, payload: &'a [u8]) -> Result<&'a [u8], BoxError> {
    let (state, same) = if format == Json::FORMAT {
        let (state, expected) = parts_of_json(payload).ok_or(NONE)?;
        (state, hex(checksum(id, state)).as_bytes() == expected)
    } else {
        let (state, expected) = payload.split_last_chunk().ok_or(NONE)?;
        (state, checksum(id, state).to_be_bytes() == *expected)
    };
    if same { Ok(state) } else { Err("its bytes are not those that its checksum is of".into()) }
}

const NONE: &str = "it has no checksum";

/// The state, and the checksum in front of it.
fn parts_of_json(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = payload.strip_prefix(HEAD)?.strip_suffix(END)?;
    let (checksum, state) = inside.split_at_checked(HEX_DIGITS)?;
    Some((state.strip_prefix(BEFORE_STATE)?, checksum))
}

fn hex(checksum: u64) -> String {
    format!("{checksum:0HEX_DIGITS$x}")
}

/// Of the event too, so that the state of another stream or version is noticed.
fn checksum(id: EventId, state: &[u8]) -> u64 {
    hash(state, hash(id.as_bytes(), SEED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(format: &str, id: EventId) -> Vec<u8> {
        seal(format, id, |bytes| {
            bytes.extend(br#"{"balance":70}"#);
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn no_byte_can_change_without_being_noticed() {
        let id = EventId::new();
        let mut tried = 0;
        for format in ["json", "postcard"] {
            let payload = sealed(format, id);
            assert_eq!(open(format, id, &payload).unwrap(), br#"{"balance":70}"#);
            assert!(open(format, EventId::new(), &payload).is_err());
            for at in 0..payload.len() {
                assert!(open(format, id, &payload[..at]).is_err());
                for other in (0..=u8::MAX).filter(|other| *other != payload[at]) {
                    let mut damaged = payload.clone();
                    damaged[at] = other;
                    assert!(open(format, id, &damaged).is_err(), "{other} at {at}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 10_000, "{tried}");
    }

    #[test]
    fn a_snapshot_in_json_is_json() {
        let value: serde_json::Value = serde_json::from_slice(&sealed("json", EventId::new())).unwrap();
        assert_eq!(value["state"]["balance"], 70);
    }
}
