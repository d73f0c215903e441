//! The files of golden samples.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::aggregate::EventKind;
use crate::codec::{Codec as _, Json};

/// A sample, and what it was when it was written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Golden {
    pub(super) event: String,
    pub(super) version: u32,
    pub(super) payload: Value,
    /// The events that a reader of the journal saw; `None` in a file that was written by hand and is not complete yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) became: Option<Vec<Written>>,
}

/// A current event, as the journal would hold it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) event: String,
    pub(super) version: u32,
    /// Its JSON, which may be `null`: that of a struct without fields is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some")]
    payload: Option<Value>,
    /// Its bytes in another format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<Bytes>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bytes {
    format: String,
    hex: String,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Golden {
    /// Reads a file; the inner error says what is wrong with its content.
    #[inline]
    pub(super) fn read(path: &Path) -> io::Result<Result<Self, String>> {
        let text = fs::read(path)?;
        Ok(serde_json::from_slice(&text).map_err(|error| format!("it is not a golden sample: {error}")))
    }

    /// The text of the file.
    #[inline]
    pub(super) fn text(&self) -> String {
        // A `Value` is always written; the fallback is what serde's signature asks for.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The payload of the sample.
    #[inline]
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(&self.payload).map_err(|error| error.to_string())
    }
}

impl Written {
    /// Notes down an event in the format of its codec.
    #[inline]
    pub(super) fn new(kind: EventKind, format: &str, bytes: &[u8]) -> Result<Self, String> {
        let (event, version) = (kind.name.to_owned(), kind.version);
        if format == Json::FORMAT {
            let payload = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            return Ok(Self { event, version, payload: Some(payload), bytes: None });
        }
        let hex = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect();
        Ok(Self { event, version, payload: None, bytes: Some(Bytes { format: format.to_owned(), hex }) })
    }

    /// The format and the bytes.
    #[inline]
    pub(super) fn payload(&self) -> Result<(String, Vec<u8>), String> {
        match (&self.payload, &self.bytes) {
            (Some(payload), None) => {
                let bytes = serde_json::to_vec(payload).map_err(|error| error.to_string())?;
                Ok((Json::FORMAT.to_owned(), bytes))
            }
            (None, Some(Bytes { format, hex })) => Ok((format.clone(), from_hex(hex)?)),
            _ => Err(format!("`{}` in `became` has neither a `payload` nor `bytes`, or has both", self.event)),
        }
    }
}

#[inline]
fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

#[inline]
fn from_hex(hex: &str) -> Result<Vec<u8>, String> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |digits: &[u8]| {
        let (high, low) = (char::from(*digits.first()?).to_digit(16)?, char::from(*digits.get(1)?).to_digit(16)?);
        u8::try_from(high * 16 + low).ok()
    };
    digits.map(byte).collect::<Option<_>>().ok_or_else(|| format!("`{hex}` is not hexadecimal"))
}

/// The name of the file of an event version. What a file system may not take is written as `%` and its code.
#[inline]
pub(super) fn name(event: &str, version: u32) -> String {
    let mut name = String::new();
    for char in event.chars() {
        if char.is_alphanumeric() || matches!(char, '_' | '-' | '.') {
            name.push(char);
        } else {
            name.extend([String::from('%'), format!("{:02X}", u32::from(char))]);
        }
    }
    format!("{name}.v{version}.json")
}

/// The samples in a folder, in order.
#[inline]
pub(super) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_back_whatever_its_payload_is() {
        for payload in ["null", "{\"by\":1}", "[null]"] {
            let written =
                Written::new(EventKind { name: "taken", version: 1 }, Json::FORMAT, payload.as_bytes()).unwrap();
            let read: Written = serde_json::from_str(&serde_json::to_string(&written).unwrap()).unwrap();
            assert_eq!(read.payload(), Ok((Json::FORMAT.to_owned(), payload.as_bytes().to_vec())));
        }
    }
}
