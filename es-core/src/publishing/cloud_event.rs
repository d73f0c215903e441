//! A public event as `CloudEvents` 1.0 has it, in the structured mode, as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::OutboxMessage;
use super::public::Checked;
use crate::BoxError;
use crate::event::Recorded;

/// Attributes that have a meaning already.
const TAKEN: [&str; 13] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "data",
    "correlationid",
    "causationid",
    "sequence",
    "partitionkey",
];
/// The longest name of an attribute that is sure to get through.
const NAME_LENGTH: usize = 20;

/// All but `data`, in this order.
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: Cow<'a, str>,
    time: String,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<String>,
    sequence: String,
    partitionkey: Cow<'a, str>,
    #[serde(flatten)]
    attributes: &'a BTreeMap<String, String>,
}

/// Makes the message of public event number `number` of an event of the journal.
pub(super) fn message<E>(
    source: &str,
    event: Checked,
    number: u32,
    recorded: &Recorded<E>,
) -> Result<OutboxMessage, BoxError> {
    let Checked { event_type, data, subject, attributes } = event;
    let index = u16::try_from(recorded.index).map_err(|_| "one event became too many")?;
    let ordinal = u32::from(index) << 16 | number;
    let id = match index {
        0 => format!("{}-{number}", recorded.id),
        index => format!("{}-{index}.{number}", recorded.id),
    };
    let stream = text(recorded.stream.as_str());
    let envelope = Envelope {
        specversion: "1.0",
        id: &id,
        source,
        r#type: &event_type,
        subject: subject.as_deref().map_or_else(|| stream.clone(), text),
        time: recorded.recorded_at.to_string(),
        datacontenttype: "application/json",
        correlationid: recorded.metadata.correlation_id.map(|id| id.to_string()),
        causationid: recorded.metadata.causation_id.map(|id| id.to_string()),
        // Ordered as text, too: by the version in the stream, then by the number within it.
        sequence: format!("{:020}.{ordinal:010}", recorded.version),
        partitionkey: stream,
        attributes: &attributes,
    };
    let mut json = serde_json::to_string(&envelope)?;
    json.pop();
    json.push_str(",\"data\":");
    json.push_str(&data);
    json.push('}');
    Ok(OutboxMessage { position: recorded.position, ordinal, stream: recorded.stream.clone(), id, event_type, json })
}

/// Checks an attribute that is not one of the usual.
pub(super) fn check_attribute(name: &str, value: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.is_empty() || name.len() > NAME_LENGTH || !name.bytes().all(allowed) {
        return Err(format!(
            "`{name}` cannot be an attribute: a name is of lower-case ASCII letters and digits, {NAME_LENGTH} at most"
        ));
    }
    if TAKEN.contains(&name) {
        return Err(format!("the attribute `{name}` has a meaning of its own; give yours another name"));
    }
    if value.is_empty() {
        return Err(format!("the attribute `{name}` is empty; leave it out"));
    }
    match value.chars().find(|char| is_refused(*char)) {
        None => Ok(()),
        Some(char) => Err(format!("the attribute `{name}` has the character {char:?}, which attributes cannot have")),
    }
}

/// A text as attributes can have it: what they cannot have is written as in a URI.
fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(is_refused) {
        return Cow::Borrowed(text);
    }
    let mut written = String::new();
    for char in text.chars() {
        if is_refused(char) {
            written.extend(char.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            written.push(char);
        }
    }
    Cow::Owned(written)
}

/// Control characters and "noncharacters" are not to be in an attribute.
fn is_refused(char: char) -> bool {
    let code = u32::from(char);
    char.is_control() || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}
