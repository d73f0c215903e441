//! Copying a journal from one store to another: `JournalCopy`.

mod compare;
mod cursor;
mod error;
mod progress;
mod snapshots;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::CopyError;
use progress::Reporter;
pub use progress::{CopyProgress, CopyStep};

use crate::event::Position;
use crate::join::join;
use crate::journal::{
    AppendError, Filter, ImportJournal, Imported, Journal, JournalError, PATIENCE, Page, PageSize, wait_until_readable,
};
use crate::snapshot::{ListSnapshots, SnapshotStore};
use cursor::Places;

/// Copies a journal from any store to any other: events with their ids, versions, times and metadata, in their order, and
/// the snapshots.
///
/// What is there afterwards is the same journal to commands, to histories and to command ids. Only the positions are the
/// destination's own, and so is the journal's id: projections are made anew from it.
///
/// A copy may be killed at any moment and started again: it compares what the destination has, and goes on after that. So
/// it also takes over what the source has got since the last time. A destination that holds anything else is refused.
/// Memory is bounded by some pages.
///
/// ```
/// use es_core::{JournalCopy, MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
/// # let (from, to) = (MemoryStore::new(), MemoryStore::new());
/// let copied = JournalCopy::new(&from, &to)
///     .on_progress(|progress| println!("{:?}: {} events, at {}", progress.step, progress.events, progress.position))
///     .run()
///     .await?;
/// println!("{} events, of which {} are new, and {} snapshots", copied.events, copied.new, copied.snapshots);
/// # Ok(()) }
/// ```
///
/// To change the store of a program that is running: copy while it runs, as often as you like; stop it; copy the rest,
/// which is little; start it on the new store.
pub struct JournalCopy<'a, S, D> {
    stores: Stores<'a, S, D>,
    reporter: Reporter<'a>,
}

/// What is read and written.
#[derive(Debug)]
struct Stores<'a, S, D> {
    source: &'a S,
    destination: &'a D,
    size: PageSize,
    /// How long to wait for transactions that hold events back.
    patience: Duration,
}

/// What a copy has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// The events that the destination has now, each compared with that of the source.
    pub events: u64,
    /// How many of them were written this time.
    pub new: u64,
    /// The snapshots that both stores have, each compared.
    pub snapshots: u64,
    /// The position of the source up to which it was copied.
    pub position: Position,
}

/// How often a page is imported again when its answer got lost or the destination is busy.
const TRIES: u32 = 5;

impl<'a, S, D> JournalCopy<'a, S, D> {
    /// Makes a copy of the journal in `source` to `destination`, which does nothing before it is [run](Self::run).
    pub fn new(source: &'a S, destination: &'a D) -> Self {
        let stores = Stores { source, destination, size: PageSize::default(), patience: PATIENCE };
        Self { stores, reporter: Reporter::default() }
    }

    /// How many events are read and written at a time; the usual [`PageSize`] unless this is called.
    #[must_use]
    pub fn page_size(mut self, size: PageSize) -> Self {
        self.stores.size = PageSize { events: size.events.max(1), ..size };
        self
    }

    /// How long to wait for a transaction that holds back events which are committed, before that is
    /// [`CopyError::HeldBack`]; 10 seconds unless this is called.
    ///
    /// Only a store with concurrent transactions has such: on a PostgreSQL server, any that writes.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.stores.patience = patience;
        self
    }

    /// Calls `report` after each page.
    #[must_use]
    pub fn on_progress(mut self, report: impl FnMut(&CopyProgress) + Send + 'a) -> Self {
        self.reporter = Reporter::new(report);
        self
    }
}

impl<S: Journal + ListSnapshots, D: ImportJournal + SnapshotStore> JournalCopy<'_, S, D> {
    /// Copies everything up to the end that the source has now, then the snapshots, and compares what it has written.
    ///
    /// Every event that was committed before the call is in the copy, or the copy is an error.
    ///
    /// # Errors
    ///
    /// - [`CopyError::OtherEvents`] and [`CopyError::Differs`] when the destination holds what did not come from the source; nothing
    ///   was written;
    /// - [`CopyError::Import`] when the destination does not take an event; what was written before stays, and the next run
    ///   goes on after it;
    /// - [`CopyError::HeldBack`] when somebody's transaction keeps events from being read for longer than its
    ///   [`patience`](Self::patience); so does this;
    /// - the others say which of the stores failed.
    pub async fn run(mut self) -> Result<Copied, CopyError> {
        let mut copied = self.copy_events().await?;
        copied.snapshots = self.copy_snapshots(copied.position).await?;
        Ok(copied)
    }

    /// Compares the two journals, event by event and snapshot by snapshot, and writes nothing.
    ///
    /// Positions are not compared. Payloads are equal byte for byte, or, where both are JSON, in their value: a store
    /// may keep JSON in a form of its own. Snapshots of events that are in both journals have to be in both stores.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and [`CopyError::Missing`] when the destination ends before the source.
    pub async fn verify(mut self) -> Result<Copied, CopyError> {
        self.stores.check_ids()?;
        let position = self.stores.source_end().await?;
        self.stores.destination_end().await?;
        let places = self.compare(CopyStep::Verify, Places::default(), position).await?;
        self.stores.check_all_there(places, position).await?;
        let snapshots = self.compare_snapshots(position).await?;
        Ok(Copied { events: places.events, new: 0, snapshots, position })
    }
}

impl<S: Journal, D: ImportJournal> JournalCopy<'_, S, D> {
    /// Copies the events as [`run`](Self::run) does, and no snapshots: for a source that cannot list them.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_events(mut self) -> Result<Copied, CopyError> {
        self.copy_events().await
    }

    async fn copy_events(&mut self) -> Result<Copied, CopyError> {
        self.stores.check_ids()?;
        let end = self.stores.source_end().await?;
        // What an earlier copy has written is to be seen, so that it is not written again.
        self.stores.destination_end().await?;
        let there = self.compare(CopyStep::Compare, Places::default(), end).await?;
        let position = self.copy_rest(there, end).await?;
        // And what this one has written.
        self.stores.destination_end().await?;
        let places = self.compare(CopyStep::Verify, there, end).await?;
        self.stores.check_all_there(places, end).await?;
        Ok(Copied { events: places.events, new: places.events - there.events, snapshots: 0, position })
    }

    /// Imports what the source has after `there`, at least up to `end`: one page is read while another is written.
    async fn copy_rest(&mut self, there: Places, end: Position) -> Result<Position, CopyError> {
        let stores = &self.stores;
        let Places { source: mut after, mut events, .. } = there;
        if after >= end {
            return Ok(after);
        }
        let mut page = Arc::new(stores.read(after).await?);
        loop {
            let is_last = !page.more() || page.next() >= end;
            let following = async { if is_last { Ok(None) } else { stores.read(page.next()).await.map(Some) } };
            let (following, imported) = join(following, stores.import(&page)).await;
            imported?;
            events += page.len() as u64;
            after = page.next();
            self.reporter.report(CopyStep::Copy, events, after, end);
            match following? {
                Some(following) => page = Arc::new(following),
                None => return Ok(after),
            }
        }
    }
}

impl<S: Journal, D: Journal> Stores<'_, S, D> {
    fn check_ids(&self) -> Result<(), CopyError> {
        if self.source.id() == self.destination.id() { Err(CopyError::SameJournal) } else { Ok(()) }
    }

    /// The end of the source, before which is every event that was committed by now.
    async fn source_end(&self) -> Result<Position, CopyError> {
        self.end_of(self.source, "source", CopyError::Source).await
    }

    async fn destination_end(&self) -> Result<Position, CopyError> {
        self.end_of(self.destination, "destination", CopyError::Destination).await
    }

    async fn end_of(
        &self,
        journal: &impl Journal,
        store: &'static str,
        failed: fn(JournalError) -> CopyError,
    ) -> Result<Position, CopyError> {
        let end = wait_until_readable(journal, self.patience).await.map_err(failed)?;
        end.map_err(|by| CopyError::HeldBack { store, by })
    }

    async fn read(&self, after: Position) -> Result<Page, CopyError> {
        self.source.read_all(after, &Filter::all(), self.size).await.map_err(CopyError::Source)
    }
}

impl<S: Journal, D: ImportJournal> Stores<'_, S, D> {
    /// Imports a page. Where the answer got lost, the same events again find out.
    async fn import(&self, page: &Arc<Page>) -> Result<(), CopyError> {
        let mut tries = 1..TRIES;
        loop {
            match self.destination.import(Arc::clone(page)).await {
                Ok(Imported { .. }) => return Ok(()),
                Err(error) if !may_help_again(&error) || tries.next().is_none() => {
                    return Err(CopyError::Import(error));
                }
                Err(_) => {}
            }
        }
    }
}

/// Whether the same import can succeed if it is tried once more.
fn may_help_again(error: &AppendError) -> bool {
    match error {
        AppendError::Unknown { .. } => true,
        AppendError::Journal(error) => error.is_transient(),
        _ => false,
    }
}

impl<S, D> fmt::Debug for JournalCopy<'_, S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalCopy").field("size", &self.stores.size).finish_non_exhaustive()
    }
}
