//! `assert_decodes`: whether the program still reads every event of a journal.

use std::collections::BTreeMap;
use std::fmt;

use crate::aggregate::Aggregate;
use crate::event::{Position, StreamId};
use crate::evolution::DecodeError;
use crate::journal::{Filter, Journal, JournalError, PageSize, RawEvent, wait_for_all};

/// The aggregates of a program: one, or a tuple of up to eight; a tuple may hold further tuples.
pub trait Aggregates {
    /// Decodes an event of one of them; `None` if it is of none of them.
    #[doc(hidden)]
    fn decode(raw: &RawEvent<'_>) -> Option<Result<(), DecodeError>>;

    /// Shows each of them to `visitor`.
    #[doc(hidden)]
    fn visit(visitor: &mut impl Visitor);
}

/// Looks at each of some aggregates.
#[doc(hidden)]
pub trait Visitor {
    /// Looks at `A`.
    fn visit<A: Aggregate>(&mut self);
}

impl<A: Aggregate> Aggregates for A {
    fn decode(raw: &RawEvent<'_>) -> Option<Result<(), DecodeError>> {
        let decode = || A::decode_event(A::resolve(raw.name)?, raw.event_version, &raw.payload).map(drop);
        (raw.stream.aggregate() == A::NAME).then(decode)
    }

    fn visit(visitor: &mut impl Visitor) {
        visitor.visit::<A>();
    }
}

macro_rules! tuples {
    ($($first:ident $($rest:ident)*)?) => {
        $(
            tuples!($($rest)*);

            impl<$first: Aggregates, $($rest: Aggregates),*> Aggregates for ($first, $($rest,)*) {
                fn decode(raw: &RawEvent<'_>) -> Option<Result<(), DecodeError>> {
                    $first::decode(raw)$(.or_else(|| $rest::decode(raw)))*
                }

                fn visit(visitor: &mut impl Visitor) {
                    $first::visit(visitor);
                    $($rest::visit(visitor);)*
                }
            }
        )?
    };
}

tuples!(A1 A2 A3 A4 A5 A6 A7 A8);

/// What the program does not read of a journal.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecodeReport {
    /// The number of events in the journal.
    pub events: u64,
    /// Each kind of event that does not decode.
    pub unreadable: Vec<UnreadableKind>,
}

/// Events of one kind that do not decode.
#[derive(Debug)]
#[non_exhaustive]
pub struct UnreadableKind {
    /// The name of the aggregate.
    pub aggregate: String,
    /// The name of the event.
    pub name: String,
    /// The version of its shape.
    pub version: u32,
    /// The format of its payload.
    pub format: String,
    /// How many of them do not decode.
    pub events: u64,
    /// The position of the first of them.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its version in the stream.
    pub stream_version: u64,
    /// Why it does not decode; `None` if it is of an aggregate that was not asked for.
    pub error: Option<DecodeError>,
}

impl DecodeReport {
    /// Whether every event decodes.
    #[inline]
    pub fn is_ok(&self) -> bool {
        self.unreadable.is_empty()
    }
}

impl fmt::Display for DecodeReport {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unreadable: u64 = self.unreadable.iter().map(|kind| kind.events).sum();
        write!(f, "{unreadable} of {} events in the journal do not decode", self.events)?;
        self.unreadable.iter().try_for_each(|kind| write!(f, "\n  {kind}"))
    }
}

impl fmt::Display for UnreadableKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregate, name, version, format, events, position, stream, stream_version, error } = self;
        write!(f, "{events} x `{name}` version {version} of `{aggregate}` in {format}, ")?;
        write!(f, "the first at position {position} (event {stream_version} of `{stream}`): ")?;
        match error {
            Some(error) => write!(f, "{error}"),
            None => write!(f, "aggregate `{aggregate}` is not among those checked"),
        }
    }
}

/// Decodes every event of a journal as the aggregates `D` read it today, and reports each kind that does not decode.
///
/// Reads page by page, so a journal of any size fits in memory.
///
/// # Errors
///
/// A [`JournalError`] when the journal cannot be read; [`JournalError::Busy`] when a transaction holds back some of its
/// events for longer than 10 seconds.
pub async fn check_decodes<D: Aggregates>(journal: &impl Journal) -> Result<DecodeReport, JournalError> {
    let mut events = 0;
    let mut unreadable = BTreeMap::<_, UnreadableKind>::new();
    wait_for_all(journal).await?;
    let mut after = Position::START;
    loop {
        let page = journal.read_all(after, &Filter::all(), PageSize::default()).await?;
        for raw in &page {
            events += 1;
            let error = match D::decode(&raw) {
                Some(Ok(())) => continue,
                Some(Err(error)) => Some(error),
                None => None,
            };
            let (name, version, format) = (raw.name.to_owned(), raw.event_version, raw.payload.format.to_owned());
            let aggregate = raw.stream.aggregate().to_owned();
            let key = (aggregate.clone(), name.clone(), version, format.clone());
            let kind = unreadable.entry(key).or_insert_with(|| UnreadableKind {
                aggregate,
                name,
                version,
                format,
                events: 0,
                position: raw.position,
                stream: raw.stream.clone(),
                stream_version: raw.version,
                error,
            });
            kind.events += 1;
        }
        if !page.more() && page.next() == after {
            return Ok(DecodeReport { events, unreadable: unreadable.into_values().collect() });
        }
        after = page.next();
    }
}

/// Checks that every event of a journal decodes as the aggregates `D` read it today: to be run on a copy of the
/// journal that lives, before a new program is deployed.
///
/// ```
/// use es_core::MemoryStore;
/// use es_core::testing::assert_decodes;
/// # use es_core::prelude::*;
/// # #[derive(Command, Debug, Clone)]
/// # struct Open;
/// # #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
/// # struct Opened;
/// # #[derive(Aggregate, Default, Clone)]
/// # #[aggregate(commands(Open), events(Opened(ignored)), error = std::convert::Infallible)]
/// # struct Account {}
/// # impl Handle<Open> for Account {
/// #     fn handle(&self, _: Open, _: &Context) -> Decision<Self> { accept(Opened) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let store = MemoryStore::new();
/// assert_decodes::<Account>(&store).await; // several: `assert_decodes::<(Account, Loan)>`
/// # }
/// ```
///
/// # Panics
///
/// If one does not, with each kind of event that does not, how many there are and where the first is; or if the
/// journal cannot be read.
pub async fn assert_decodes<D: Aggregates>(journal: &impl Journal) {
    match check_decodes::<D>(journal).await {
        Ok(report) => assert!(report.is_ok(), "{report}"),
        Err(error) => panic!("the journal cannot be read: {error}"),
    }
}
