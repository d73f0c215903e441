//! How events and snapshots become bytes.

mod also;
mod json;
mod payload;
#[cfg(feature = "postcard")]
mod postcard;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "postcard")]
pub use self::postcard::Postcard;
pub use also::Also;
pub use json::Json;
pub use payload::{Payload, PayloadError};

use crate::BoxError;

/// Turns events and states into bytes and back.
///
/// An aggregate writes in the format of its codec: [`Json`], unless `#[aggregate(codec = ..)]` names another. Each event in a
/// journal carries the name of its format, so a journal may hold events of several, and a program can change its mind.
/// The formats that come with this crate are read whatever codec the aggregate has; a format of your own is read as
/// long as the codec is that one, or is [`Also`] that one.
///
/// ```
/// use es_core::{BoxError, Codec};
/// use serde::{Serialize, de::DeserializeOwned};
///
/// /// JSON with a line for each field.
/// struct Lines;
///
/// impl Codec for Lines {
///     const FORMAT: &'static str = "lines";
///
///     fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
///         Ok(serde_json::to_writer_pretty(bytes, value)?)
///     }
///
///     fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
///         Ok(serde_json::from_slice(bytes)?)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a codec: it does not say how events become bytes",
    label = "not a codec",
    note = "`es_core::Json` is one, and `es_core::Postcard` with the feature `postcard`; for a format of your own write \
            `impl es_core::Codec for {Self}`"
)]
pub trait Codec: Send + Sync + 'static {
    /// The format's name in the journal: it stays as it is, and no other format has it.
    const FORMAT: &'static str;

    /// Appends the bytes of `value` to `bytes`.
    ///
    /// # Errors
    ///
    /// Why the format cannot hold the value.
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError>;

    /// Reads a value back.
    ///
    /// Must not take what has more bytes than the value: they are damage, or of another type.
    ///
    /// # Errors
    ///
    /// Why the bytes are not such a value.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError>;

    /// The formats that it reads, its own first.
    fn formats() -> Vec<&'static str> {
        vec![Self::FORMAT]
    }

    /// Reads a value that is in another of its [`formats`](Self::formats) than its own; `None` if it is none of them.
    ///
    /// What a program does not write any more is best read by [`Also`].
    fn decode_other<T: DeserializeOwned>(_format: &str, _bytes: &[u8]) -> Option<Result<T, BoxError>> {
        None
    }
}
