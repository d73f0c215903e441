//! The journal: events in streams and in one order, and what a store must do to keep them.

mod append;
mod error;
mod filter;
mod held_back;
mod import;
mod memory;
mod page;
mod readable;
mod recently_used;
mod slices;

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub use append::{Append, AppendError, Appended, AppendedStream, ExpectedVersion, NewEvent, StreamAppend, limits};
pub use error::JournalError;
pub use filter::Filter;
pub use held_back::HeldBack;
pub use import::{ImportJournal, ImportPart, Imported};
pub use memory::{MemoryStore, MemoryStoreBuilder};
pub use page::{Page, PageEvents, PageSize, RawEvent};
pub(crate) use readable::{PATIENCE, wait_for_all, wait_until_readable};
pub use recently_used::RecentlyUsed;
pub use slices::Slices;

use crate::event::{Clock, CommandId, Position, StreamId, SystemClock, Timestamp};

/// An append-only record of events.
///
/// A store knows streams, names, versions and bytes, never an aggregate; encoding and decoding
/// happen above it. What each method must do, to the letter, is checked by
/// `testing::conformance`, which the feature `conformance` adds. A future of a journal may be dropped at any time: an append
/// whose future is dropped happens as a whole or not at all.
pub trait Journal: Send + Sync + 'static {
    /// Names this journal: no other journal has this id, and it stays the same for as long as the journal exists.
    fn id(&self) -> JournalId;

    /// Writes events to one or more streams, and checks the versions of these and of others: all of it or nothing.
    ///
    /// An event id that is already in the journal is not written again: an append whose events are all there, in
    /// their streams, in this order and in a row, is answered with where they are ([`Appended::repeated`]).
    /// An append without events writes nothing, but checks what it expects.
    ///
    /// # Errors
    ///
    /// - [`AppendError::Conflict`] when a stream has another version than expected: decide anew;
    /// - [`AppendError::Unknown`] when the answer got lost: append the same events again to find out;
    /// - the others say what is wrong with the append or the store; nothing was written.
    fn append(&self, append: Append) -> impl Future<Output = Result<Appended, AppendError>> + Send;

    /// Reads the events of a stream with versions in `versions`, in order, as many as fit in a page of `size`.
    ///
    /// A stream that was never written has no events. The page says whether there is [more](Page::more).
    fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> impl Future<Output = Result<Page, JournalError>> + Send;

    /// Reads the events of a stream as [`read_stream`](Self::read_stream) does, for who makes a state of them: all that counts
    /// is what each of them is and its payload, and the id and the position of the last one.
    ///
    /// So a store need not read the rest where that costs more: the ids of the other events are those of no event then,
    /// their positions [`Position::START`], the times are [`Timestamp::MIN`], and there is no metadata.
    fn read_payloads(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> impl Future<Output = Result<Page, JournalError>> + Send {
        self.read_stream(stream, versions, size)
    }

    /// Reads the events after the position `after` that `filter` lets through, in the order of the journal.
    ///
    /// The order is the same for each reader and at each time, and nothing appears later at a position that a page
    /// has passed. A page without events makes progress too: read on from [`Page::next`].
    fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        size: PageSize,
    ) -> impl Future<Output = Result<Page, JournalError>> + Send;

    /// The version of a stream's last event; 0 for a stream that was never written.
    fn version(&self, stream: &StreamId) -> impl Future<Output = Result<u64, JournalError>> + Send;

    /// The version of the last event of a stream that was recorded at or before `time`; 0 where there is none.
    fn version_at(&self, stream: &StreamId, time: Timestamp) -> impl Future<Output = Result<u64, JournalError>> + Send;

    /// The versions from the first event that the command `id` led to in a stream to the last; `None` if it led to none.
    ///
    /// Those of a repository are in a row, as one append writes them. Where an id was given again, by an append that is not a
    /// repository's, other events may stand between: those of the command are the ones that have its id.
    fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> impl Future<Output = Result<Option<RangeInclusive<u64>>, JournalError>> + Send;

    /// The position of the last event that [`read_all`](Self::read_all) gives; [`Position::START`] where there is none.
    ///
    /// Events that are [held back](Self::held_back) are after it, though they are committed.
    fn head(&self) -> impl Future<Output = Result<Position, JournalError>> + Send;

    /// The position of the newest event that is committed, whether or not [`read_all`](Self::read_all) gives it yet.
    ///
    /// When the [head](Self::head) has come to it, all that was committed before this was asked can be read: copies, which
    /// may leave out nothing, wait for that. A store in which events can be [held back](Self::held_back) has to know
    /// more than its head; for all others this is it. A journal around another one has to ask that one: with its head in
    /// place of this, copies would leave out events that are held back.
    fn newest(&self) -> impl Future<Output = Result<Position, JournalError>> + Send;

    /// Waits until the [head](Self::head) is past `after`, and gives it.
    ///
    /// Woken by an append of this process at once, by one of another process within a second.
    fn wait(&self, after: Position) -> impl Future<Output = Result<Position, JournalError>> + Send;

    /// Says what keeps events that are committed from being read, if something does; for the
    /// status of projectors and the errors of copies. `None`: all that was committed before can be read.
    ///
    /// Only stores with concurrent transactions have such: there a reader waits for the oldest transaction that writes.
    /// On one that is written to all the time something is most often held back, for moments.
    fn held_back(&self) -> impl Future<Output = Result<Option<HeldBack>, JournalError>> + Send {
        async { Ok(None) }
    }

    /// The clock of this journal; commands are decided at its time unless the repository has another.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}

/// Names one journal among all there are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct JournalId(pub uuid::Uuid);

impl JournalId {
    /// Makes the id of a new journal.
    #[expect(clippy::new_without_default, reason = "a default that differs each time surprises")]
    pub fn new() -> Self {
        Self(crate::event::unique::now_v7())
    }
}
