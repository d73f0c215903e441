//! A journal of which events may be held back by a transaction of somebody's.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::{
    Append, AppendError, Appended, Clock, CommandId, Filter, HeldBack, ImportJournal, Imported, Journal, JournalError,
    JournalId, ListSnapshots, MemoryStore, Page, PageSize, Position, Snapshot, SnapshotStore, StreamId, Timestamp,
};

/// What a store pretends: a transaction that is open.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// The events after this position cannot be read.
    after: Position,
    ends: Ends,
}

/// When the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Never,
    /// When the head was asked for so often.
    AfterHeads(u32),
    /// Just when it is asked what holds events back.
    WhenAskedFor,
}

/// A journal in memory that pretends that a transaction holds back its last events.
#[derive(Debug, Clone, Default)]
pub struct Held {
    pub inner: MemoryStore,
    open: Arc<Mutex<Option<Open>>>,
}

impl Held {
    pub fn on(inner: MemoryStore) -> Self {
        Self { inner, open: Arc::default() }
    }

    /// Holds back what comes from now on, and nothing else; gives what can still be read.
    pub async fn hold(&self, ends: Ends) -> Position {
        let after = self.inner.head().await.unwrap();
        *self.open.lock().unwrap() = Some(Open { after, ends });
        after
    }

    pub fn release(&self) {
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

    fn clock(&self) -> Arc<dyn Clock> {
        self.inner.clock()
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
        cut.passed(open.after);
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
        loop {
            let head = self.inner.head().await?;
            let head = self.open().map_or(head, |open| head.min(open.after));
            if head > after {
                return Ok(head);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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
