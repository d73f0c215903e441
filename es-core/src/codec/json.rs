//! JSON text.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;
use crate::BoxError;

/// JSON text: the default. A person can read the journal, and any program can.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Codec for Json {
    const FORMAT: &'static str = "json";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        Ok(serde_json::to_writer(bytes, value)?)
    }

    #[inline]
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        // The text is checked as a whole, and not each text in it: that is faster.
        Ok(serde_json::from_str(str::from_utf8(bytes)?)?)
    }
}
