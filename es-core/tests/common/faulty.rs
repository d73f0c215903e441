//! A journal that fails, loses answers and lets others in between, as asked.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use es_core::{
    Append, AppendError, Appended, Clock, CommandId, EventId, Filter, Journal, JournalError, JournalId, MemoryStore,
    Page, PageSize, Position, RawEvent, Snapshot, SnapshotStore, StreamId, Timestamp,
};

/// What happens to one call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It works.
    None,
    /// Nothing is done.
    Fail,
    /// Nothing is done, and trying again helps.
    Busy,
    /// An append is done, but its answer gets lost; a read fails.
    LoseAnswer,
    /// An append is not done, and that is not known; a read fails.
    LoseRequest,
    /// Someone else appends this first.
    Overtake(Append),
}

#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<Mutex<MemoryStore>>,
    /// What happens to the calls of `append` to come; without faults once it is empty.
    pub appends: Arc<Mutex<VecDeque<Fault>>>,
    /// The same for all reads.
    pub reads: Arc<Mutex<VecDeque<Fault>>>,
    /// The names of the calls that were made.
    pub calls: Arc<Mutex<Vec<&'static str>>>,
}

impl FaultyStore {
    pub fn new() -> Self {
        Self::on(MemoryStore::new())
    }

    pub fn on(inner: MemoryStore) -> Self {
        Self {
            inner: Arc::new(Mutex::new(inner)),
            appends: Arc::default(),
            reads: Arc::default(),
            calls: Arc::default(),
        }
    }

    fn inner(&self) -> MemoryStore {
        self.inner.lock().unwrap().clone()
    }

    /// Has `other` in the journal's place from now on, as after a restore.
    pub fn put_back(&self, other: MemoryStore) {
        *self.inner.lock().unwrap() = other;
    }

    pub fn will_append(&self, faults: impl IntoIterator<Item = Fault>) {
        self.appends.lock().unwrap().extend(faults);
    }

    pub fn will_read(&self, faults: impl IntoIterator<Item = Fault>) {
        self.reads.lock().unwrap().extend(faults);
    }

    /// The calls since the last time this was asked.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    async fn read(&self, name: &'static str) -> Result<(), JournalError> {
        self.calls.lock().unwrap().push(name);
        tokio::task::yield_now().await;
        let fault = self.reads.lock().unwrap().pop_front();
        match fault {
            None | Some(Fault::None) => Ok(()),
            Some(Fault::Overtake(first)) => {
                self.inner().append(first).await.unwrap();
                Ok(())
            }
            Some(Fault::Busy) => Err(busy()),
            Some(_) => Err(failed("read")),
        }
    }
}

fn failed(action: &'static str) -> JournalError {
    JournalError::Failed { store: "the faulty store".to_owned(), action, source: "as asked".into() }
}

fn busy() -> JournalError {
    JournalError::Busy { store: "the faulty store".to_owned(), source: "as asked".into() }
}

impl Journal for FaultyStore {
    fn id(&self) -> JournalId {
        self.inner().id()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.calls.lock().unwrap().push("append");
        tokio::task::yield_now().await;
        let fault = self.appends.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let unknown = || AppendError::Unknown { source: "the line was cut, as asked".into() };
        match fault {
            Fault::None => self.inner().append(append).await,
            Fault::Fail => Err(failed("append").into()),
            Fault::Busy => Err(busy().into()),
            Fault::LoseRequest => Err(unknown()),
            Fault::LoseAnswer => {
                self.inner().append(append).await?;
                tokio::task::yield_now().await;
                Err(unknown())
            }
            Fault::Overtake(first) => {
                self.inner().append(first).await.unwrap();
                self.inner().append(append).await
            }
        }
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.read("read_stream").await?;
        self.inner().read_stream(stream, versions, size).await
    }

    /// As a store may: with the id of the last event alone.
    async fn read_payloads(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        let read = self.read_stream(stream, versions, size).await?;
        let mut page = Page::new(size, Position::START);
        for raw in &read {
            page.push(RawEvent { id: EventId::from_uuid(uuid::Uuid::nil()), position: Position::START, ..raw });
        }
        if let Some(last) = read.last() {
            page.set_last_id(last.id);
            page.set_last_position(last.position);
        }
        if read.more() {
            page.has_more();
        }
        Ok(page)
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        self.read("read_all").await?;
        self.inner().read_all(after, filter, size).await
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        self.read("version").await?;
        self.inner().version(stream).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        self.read("version_at").await?;
        self.inner().version_at(stream, time).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        self.read("find_command").await?;
        self.inner().find_command(stream, id).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.read("head").await?;
        self.inner().head().await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.read("newest").await?;
        self.inner().newest().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        self.inner().wait(after).await
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.inner().clock()
    }
}

impl SnapshotStore for FaultyStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        self.read("load_snapshot").await?;
        self.inner().load_snapshot(stream, up_to, format).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.inner().save_snapshot(snapshot).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.inner().keep_snapshots(stream, keep).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.inner().delete_snapshots(stream, versions).await
    }
}
