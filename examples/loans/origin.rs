//! `Origin`: the line of the log that an event comes from, kept as the event's metadata.

use es_core::prelude::*;

/// The metadata's key for the number of the line.
pub const LINE: &str = "line";
/// The metadata's key for the time, as the log has it.
pub const TIME: &str = "time";

/// Where an event comes from.
pub struct Origin<'a> {
    /// The number of the line.
    pub line: i64,
    /// When it happened.
    pub time: Timestamp,
    /// The day on which it happened, as the log has it.
    pub day: &'a str,
    /// Who did it.
    pub clerk: Option<&'a str>,
}

impl<'a> Origin<'a> {
    /// Reads it from an event's metadata.
    pub fn of(metadata: &'a Metadata) -> Result<Self, BoxError> {
        let value = |key: &str| {
            let found = metadata.extra.get(key).map(String::as_str);
            found.ok_or_else(|| format!("the event has no metadata `{key}`: it does not come from a log"))
        };
        let time = value(TIME)?;
        Ok(Self {
            line: value(LINE)?.parse()?,
            time: time.parse()?,
            day: time.get(..10).unwrap_or(time),
            clerk: metadata.actor.as_deref(),
        })
    }
}
