//! The binary format of the crate `postcard`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;
use crate::BoxError;

/// A small binary format, that of the crate `postcard`: values one after the other, without names.
///
/// Fields are told apart by their order alone, so the order in the source stays as it is, and attributes of serde that leave a
/// field out or look ahead (`skip_serializing_if`, `flatten`, `untagged`, `tag`) do not work: a
/// [`Scenario`](crate::testing::Scenario) finds an event that does not read back as it was written.
#[cfg_attr(docsrs, doc(cfg(feature = "postcard")))]
#[derive(Debug, Clone, Copy)]
pub struct Postcard;

impl Codec for Postcard {
    const FORMAT: &'static str = "postcard";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        *bytes = postcard::to_extend(value, std::mem::take(bytes))?;
        Ok(())
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        match postcard::take_from_bytes(bytes)? {
            (value, []) => Ok(value),
            (_, rest) => Err(format!("{} bytes are left at the end", rest.len()).into()),
        }
    }
}
