//! `decode`: what the program makes of an event of the journal.

use crate::aggregate::Aggregate;
use crate::codec::{Codec as _, Json, Payload};
use crate::evolution::DecodeError;

/// Reads an event as a journal holds it, by its name, version and JSON, and gives what it is today: one event, or
/// what a retired event became.
///
/// # Errors
///
/// As in the journal: [`DecodeError::Name`], [`DecodeError::Version`], [`DecodeError::Payload`].
pub fn decode<A: Aggregate>(name: &str, version: u32, json: &[u8]) -> Result<Vec<A::Event>, DecodeError> {
    let payload = Payload { format: Json::FORMAT, bytes: json };
    A::decode_event(A::resolve(name)?, version, &payload).map(crate::Events::into_vec)
}
