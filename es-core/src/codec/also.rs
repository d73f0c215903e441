//! `Also`: a codec that reads what another one wrote.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;
use crate::BoxError;

/// Writes and reads in the format of `C`, and reads that of `Old` too: for a journal that was begun in a format of your own, by a
/// program that writes another one now.
///
/// `codec = Also<Json, Old>` writes JSON, and reads what `Old` wrote. Of three formats it is `Also<Also<Json, Old>, Older>`.
///
/// ```
/// use es_core::{Also, Codec, Json, Payload};
/// # use es_core::BoxError;
/// # struct Lines;
/// # impl Codec for Lines {
/// #     const FORMAT: &'static str = "lines";
/// #     fn encode<T: serde::Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
/// #         Ok(serde_json::to_writer_pretty(bytes, value)?)
/// #     }
/// #     fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
/// #         Ok(serde_json::from_slice(bytes)?)
/// #     }
/// # }
///
/// type Both = Also<Json, Lines>;
/// assert_eq!((Both::FORMAT, Both::formats()), ("json", vec!["json", "lines"]));
/// assert_eq!(Payload { format: "lines", bytes: b"[\n  7\n]" }.read::<Both, Vec<u8>>()?, [7]);
/// # Ok::<(), BoxError>(())
/// ```
pub struct Also<C, Old>(PhantomData<fn() -> (C, Old)>);

impl<C: Codec, Old: Codec> Codec for Also<C, Old> {
    const FORMAT: &'static str = C::FORMAT;

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        C::encode(value, bytes)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        C::decode(bytes)
    }

    fn formats() -> Vec<&'static str> {
        C::formats().into_iter().chain(Old::formats()).collect()
    }

    fn decode_other<T: DeserializeOwned>(format: &str, bytes: &[u8]) -> Option<Result<T, BoxError>> {
        if format == Old::FORMAT {
            return Some(Old::decode(bytes));
        }
        C::decode_other(format, bytes).or_else(|| Old::decode_other(format, bytes))
    }
}
