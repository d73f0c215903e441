//! `HeldBack`: why events that are committed cannot be read yet.

use std::fmt;
use std::time::Duration;

/// What keeps events that are committed from being read: a transaction that might still commit one before them.
///
/// Prints as `waiting for transaction of pid 4711 ..`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldBack {
    /// What has to end: in words that lead a person to it.
    pub by: String,
    /// The number that the server knows its process by, where it is one's.
    pub pid: Option<u32>,
    /// How long it has been open, where that is known.
    pub age: Option<Duration>,
}

impl HeldBack {
    /// Says that events wait for `by`, such as `transaction of pid 4711`.
    pub fn new(by: impl Into<String>) -> Self {
        Self { by: by.into(), pid: None, age: None }
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waiting for {}", self.by)?;
        match self.age {
            Some(age) => write!(f, ", open for {} s", age.as_secs()),
            None => Ok(()),
        }
    }
}
