//! A copy leaves out nothing that is committed, though it cannot be read yet.
#![allow(missing_docs, reason = "a test")]

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{check_decodes, kinds};
use es_core::{
    Append, AppendError, Appended, CommandId, CopyError, EventId, ExpectedVersion, Filter, HeldBack, ImportJournal,
    Imported, Journal, JournalCopy, JournalError, JournalId, ListSnapshots, MemoryStore, NewEvent, Page, PageSize,
    Position, Snapshot, SnapshotStore, StreamId, Timestamp,
};

#[derive(Command, Debug, Clone)]
struct Note;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
struct Noted;

#[derive(Aggregate, Default, Clone)]
#[aggregate(commands(Note), events(Noted(ignored)), error = Infallible)]
struct Account {}

impl Handle<Note> for Account {
    fn handle(&self, _: Note, _: &Context) -> Decision<Self> {
        accept(Noted)
    }
}

/// What a store pretends: a transaction that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// The events after this position cannot be read.
    after: Position,
    ends: Ends,
}

/// When the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Never,
    /// When the head was asked for so often.
    AfterHeads(u32),
    /// Just when it is asked what holds events back.
    WhenAskedFor,
}

/// A journal in memory that pretends that a transaction holds back its last events.
#[derive(Debug, Clone, Default)]
struct Held {
    inner: MemoryStore,
    open: Arc<Mutex<Option<Open>>>,
}

impl Held {
    /// From now on.
    async fn hold(&self, ends: Ends) {
        let after = self.inner.head().await.unwrap();
        *self.open.lock().unwrap() = Some(Open { after, ends });
    }

    fn release(&self) {
        *self.open.lock().unwrap() = None;
    }

    fn open(&self) -> Option<Open> {
        *self.open.lock().unwrap()
    }
}

impl Journal for Held {
    fn id(&self) -> JournalId {
        self.inner.id()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.inner.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.inner.read_stream(stream, versions, size).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        let page = self.inner.read_all(after, filter, size).await?;
        let Some(open) = self.open().filter(|open| open.after < page.next()) else { return Ok(page) };
        let mut cut = Page::new(size, after);
        for event in page.iter().take_while(|event| event.position <= open.after) {
            cut.push(event);
        }
        Ok(cut)
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        self.inner.version(stream).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        self.inner.version_at(stream, time).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        self.inner.find_command(stream, id).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        let head = self.inner.head().await?;
        let mut open = self.open.lock().unwrap();
        let Some(Open { after, ends }) = &mut *open else { return Ok(head) };
        let shown = head.min(*after);
        match ends {
            Ends::AfterHeads(0) => *open = None,
            Ends::AfterHeads(more) => *more -= 1,
            Ends::Never | Ends::WhenAskedFor => {}
        }
        Ok(shown)
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.inner.head().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        self.inner.wait(after).await
    }

    async fn held_back(&self) -> Result<Option<HeldBack>, JournalError> {
        let head = self.inner.head().await?;
        let mut open = self.open.lock().unwrap();
        if open.is_some_and(|open| open.ends == Ends::WhenAskedFor) {
            *open = None;
        }
        Ok(open.filter(|open| open.after < head).map(|_| HeldBack::new("transaction of pid 4711")))
    }
}

impl ImportJournal for Held {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        self.inner.import(events).await
    }
}

impl SnapshotStore for Held {
    async fn load_snapshot(&self, stream: &StreamId, to: u64, format: &str) -> Result<Option<Snapshot>, JournalError> {
        self.inner.load_snapshot(stream, to, format).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.inner.save_snapshot(snapshot).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.inner.keep_snapshots(stream, keep).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.inner.delete_snapshots(stream, versions).await
    }
}

impl ListSnapshots for Held {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        self.inner.list_snapshots(after, size).await
    }
}

/// Appends some events.
async fn fill(journal: &impl Journal, count: u64) {
    for _ in 0..count {
        let event = NewEvent {
            id: EventId::new(),
            name: "noted".into(),
            version: 1,
            format: "json".into(),
            payload: b"null".to_vec(),
            metadata: Arc::default(),
        };
        let stream = StreamId::new("account", "a").unwrap();
        journal.append(Append::to_stream(stream, ExpectedVersion::Any, vec![event])).await.unwrap();
    }
}

fn is_held_back(error: &CopyError, in_store: &str) -> bool {
    let text = error.to_string();
    matches!(error, CopyError::HeldBack { store, .. } if *store == in_store)
        && text.contains(in_store)
        && text.contains("waiting for transaction of pid 4711")
}

const SOON: Duration = Duration::from_millis(20);

#[tokio::test]
async fn events_of_the_source_that_are_held_back_are_waited_for() {
    let (source, destination) = (Held::default(), MemoryStore::new());
    fill(&source, 10).await;
    source.hold(Ends::AfterHeads(3)).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 15));
    source.hold(Ends::AfterHeads(3)).await;
    fill(&source, 1).await;
    let verified = JournalCopy::new(&source, &destination).verify().await;
    assert!(matches!(verified, Err(CopyError::Missing { version: 16, .. })), "{verified:?}");
}

#[tokio::test]
async fn a_copy_that_would_leave_out_events_of_the_source_is_an_error_and_the_next_one_completes_it() {
    let (source, destination) = (Held::default(), MemoryStore::new());
    fill(&source, 10).await;
    JournalCopy::new(&source, &destination).run().await.unwrap();
    source.hold(Ends::Never).await;
    fill(&source, 5).await;
    for patience in [Duration::ZERO, SOON] {
        let error = JournalCopy::new(&source, &destination).patience(patience).run().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
        let error = JournalCopy::new(&source, &destination).patience(patience).run_events().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
        let error = JournalCopy::new(&source, &destination).patience(patience).verify().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
    }
    source.release();
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 5));
}

#[tokio::test]
async fn a_transaction_that_ends_when_it_is_looked_for_leaves_out_nothing() {
    let (source, destination) = (Held::default(), Held::default());
    fill(&source, 10).await;
    source.hold(Ends::WhenAskedFor).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 15));
    destination.hold(Ends::WhenAskedFor).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (20, 5));
}

#[tokio::test]
async fn what_a_copy_has_written_and_cannot_read_is_neither_missing_nor_written_again() {
    let (source, destination) = (MemoryStore::new(), Held::default());
    fill(&source, 10).await;
    destination.hold(Ends::Never).await;
    // It has written, and cannot see it; the next one sees that it cannot.
    for _ in 0..2 {
        let error = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap_err();
        assert!(is_held_back(&error, "destination"), "{error}");
        assert_eq!(destination.inner.version(&StreamId::new("account", "a").unwrap()).await.unwrap(), 10);
    }
    let error = JournalCopy::new(&source, &destination).patience(SOON).verify().await.unwrap_err();
    assert!(is_held_back(&error, "destination"), "{error}");
    destination.release();
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (10, 0));

    destination.hold(Ends::AfterHeads(3)).await;
    fill(&source, 10).await;
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (20, 10));
}

#[tokio::test]
async fn a_journal_that_is_read_as_a_whole_is_waited_for_too() {
    let journal = Held::default();
    fill(&journal, 10).await;
    journal.hold(Ends::AfterHeads(3)).await;
    fill(&journal, 5).await;
    assert_eq!(kinds(&journal).await.unwrap()[0].events, 15);
    journal.hold(Ends::AfterHeads(3)).await;
    fill(&journal, 5).await;
    assert_eq!(check_decodes::<Account>(&journal).await.unwrap().events, 20);
}
