//! `PublicEvent`, and what is collected of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cloud_event::check_attribute;
use super::{OutboxMessage, Published, cloud_event};
use crate::BoxError;
use crate::event::Recorded;

/// An event as other programs know it: a promise to them, and so never an event of the journal.
///
/// ```
/// # use es_core::prelude::*;
/// # use serde::Serialize;
/// #[derive(Serialize)]
/// pub struct MoneyIn {
///     account: String,
///     cents: u64,
/// }
///
/// impl PublicEvent for MoneyIn {
///     const NAME: &'static str = "com.example.bank.money-in";
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a public event",
    label = "not a type that others know",
    note = "write `#[derive(Serialize)]` on it, and `impl PublicEvent for {Self}` with its `NAME`"
)]
pub trait PublicEvent: Serialize {
    /// The name of its type to others; by custom it begins with a domain name, the other way round.
    const NAME: &'static str;
    /// The version of its type: another one for a shape that readers of the earlier one cannot read.
    const VERSION: u32 = 1;
}

/// A public event, and what is said about it beside its data.
///
/// Made of a [`PublicEvent`] by itself; it is there for what few events need:
///
/// ```
/// # use es_core::prelude::*;
/// # #[derive(serde::Serialize)] struct MoneyIn { cents: u64 }
/// # impl PublicEvent for MoneyIn { const NAME: &'static str = "com.example.bank.money-in"; }
/// # fn add(events: &mut PublicEvents) -> Published {
/// events.add(Public::new(MoneyIn { cents: 100 }).subject("accounts/17").attribute("tenantid", "north"))
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it is published when it is added to the `PublicEvents`"]
pub struct Public {
    event_type: String,
    data: Result<String, serde_json::Error>,
    subject: Option<String>,
    attributes: BTreeMap<String, String>,
}

impl Public {
    /// Makes it of its data.
    pub fn new<E: PublicEvent>(event: E) -> Self {
        const { check_name(E::NAME) };
        Self {
            event_type: format!("{}.v{}", E::NAME, E::VERSION),
            data: serde_json::to_string(&event),
            subject: None,
            attributes: BTreeMap::new(),
        }
    }

    /// Says what it is about; the stream, as `account/alice`, unless this is called.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds an attribute of `CloudEvents`: its name is of lower-case ASCII letters and digits, 20 at most.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }
}

/// What can be added to [`PublicEvents`]: a [`PublicEvent`], or a [`Public`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a public event",
    label = "not a type that others know",
    note = "what others are told is a type of its own: write one, with `#[derive(Serialize)]` and `impl PublicEvent`"
)]
pub trait IntoPublic {
    /// What is published.
    fn into_public(self) -> Public;
}

impl IntoPublic for Public {
    fn into_public(self) -> Public {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<E: PublicEvent> IntoPublic for E {
    fn into_public(self) -> Public {
        Public::new(self)
    }
}

/// Checks the name of a public event: at compile time, where one is made.
const fn check_name(name: &str) {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "the `NAME` of a public event cannot be empty");
    let mut at = 0;
    while at < bytes.len() {
        assert!(bytes[at].is_ascii_graphic(), "the `NAME` of a public event is of visible ASCII characters");
        at += 1;
    }
}

/// Collects the public events that one event of the journal becomes.
#[derive(Debug, Default)]
pub struct PublicEvents(Vec<Checked>);

/// A public event that can be sent.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) event_type: String,
    pub(super) data: String,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, String>,
}

impl PublicEvents {
    /// The most public events of one event.
    const MAX: usize = 1 << 16;

    /// Adds one.
    ///
    /// # Errors
    ///
    /// Its data cannot be written as JSON, or an attribute is not as `CloudEvents` has it; pass it on.
    pub fn add(&mut self, event: impl IntoPublic) -> Published {
        let Public { event_type, data, subject, attributes } = event.into_public();
        let data = data.map_err(|source| format!("the public event `{event_type}` cannot be written: {source}"))?;
        if subject.as_ref().is_some_and(String::is_empty) {
            return Err(format!("the subject of the public event `{event_type}` is empty; leave it out").into());
        }
        for (name, value) in &attributes {
            check_attribute(name, value).map_err(|what| format!("the public event `{event_type}`: {what}"))?;
        }
        if self.0.len() == Self::MAX {
            return Err(format!("one event cannot become more than {} public events", Self::MAX).into());
        }
        self.0.push(Checked { event_type, data, subject, attributes });
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is sent of them.
    pub(super) fn into_messages<E>(self, source: &str, recorded: &Recorded<E>) -> Result<Vec<OutboxMessage>, BoxError> {
        let events = self.0.into_iter().zip(0..);
        events.map(|(event, number)| cloud_event::message(source, event, number, recorded)).collect()
    }
}
