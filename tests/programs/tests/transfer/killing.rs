//! `Killing`: a store that kills its process at a step.

use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use es_core::{
    Append, AppendError, Appended, Checkpoint, Clock, CommandId, Ended, Filter, Journal, JournalError, JournalId,
    KeptAnswer, Page, PageSize, ParkedEvent, Position, ReactionStore, ReadStore, ReadStoreError, Snapshot,
    SnapshotStore, StreamId, Timer, Timestamp, Work,
};
use es_sqlite::{SqliteLease, SqliteStore, SqliteTx};
use uuid::Uuid;

/// Counts the steps of a process, and kills it, as `kill -9` does, at one of them.
#[derive(Debug)]
pub struct Fuse {
    steps: AtomicU64,
    kill_at: u64,
    /// The bug that shows that the check looks for it: answers are not kept.
    forgets_answers: bool,
}

impl Fuse {
    pub fn new(kill_at: u64, forgets_answers: bool) -> Arc<Self> {
        Arc::new(Self { steps: AtomicU64::new(0), kill_at, forgets_answers })
    }

    fn step(&self) {
        if self.steps.fetch_add(1, Ordering::SeqCst) == self.kill_at {
            let killed = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            killed.expect("there is a command `kill`");
            std::thread::sleep(Duration::from_mins(10));
        }
    }
}

/// A store whose appends and transactions are steps: before, within and after each.
#[derive(Clone, Debug)]
pub struct Killing {
    pub store: SqliteStore,
    pub fuse: Arc<Fuse>,
}

impl Journal for Killing {
    fn id(&self) -> JournalId {
        self.store.id()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.fuse.step();
        let appended = self.store.append(append).await;
        self.fuse.step();
        appended
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.store.read_stream(stream, versions, size).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        self.store.read_all(after, filter, size).await
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        self.store.version(stream).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        self.store.version_at(stream, time).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        self.store.find_command(stream, id).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.store.head().await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.store.newest().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        self.store.wait(after).await
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.store.clock()
    }
}

impl SnapshotStore for Killing {
    async fn load_snapshot(&self, stream: &StreamId, to: u64, format: &str) -> Result<Option<Snapshot>, JournalError> {
        self.store.load_snapshot(stream, to, format).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.store.keep_snapshots(stream, keep).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.store.delete_snapshots(stream, versions).await
    }
}

/// A lease, and what the store may have forgotten.
pub struct Lease {
    lease: SqliteLease,
    fuse: Arc<Fuse>,
}

impl ReadStore for Killing {
    type Tx = SqliteTx;
    type Lease = Lease;

    async fn lease(&self, projection: &str) -> Result<Option<Lease>, ReadStoreError> {
        let lease = self.store.lease(projection).await?;
        Ok(lease.map(|lease| Lease { lease, fuse: Arc::clone(&self.fuse) }))
    }

    async fn transact<T: Send + 'static>(&self, work: Work<SqliteTx, T>) -> Result<T, ReadStoreError> {
        self.fuse.step();
        let fuse = Arc::clone(&self.fuse);
        let work: Work<SqliteTx, T> = Box::new(move |tx| {
            Box::pin(async move {
                let ended = work(tx).await;
                if matches!(ended, Ended::Commit(_)) {
                    fuse.step();
                }
                ended
            })
        });
        let result = self.store.transact(work).await;
        self.fuse.step();
        result
    }

    async fn load(lease: &Lease, tx: &mut SqliteTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        SqliteStore::load(&lease.lease, tx).await
    }

    async fn save(lease: &Lease, tx: &mut SqliteTx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        SqliteStore::save(&lease.lease, tx, checkpoint).await
    }

    async fn park(lease: &Lease, tx: &mut SqliteTx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        SqliteStore::park(&lease.lease, tx, event).await
    }

    async fn unpark(
        lease: &Lease,
        tx: &mut SqliteTx,
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        SqliteStore::unpark(&lease.lease, tx, positions).await
    }

    async fn parked(
        lease: &Lease,
        tx: &mut SqliteTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        SqliteStore::parked(&lease.lease, tx, after, limit).await
    }
}

impl ReactionStore for Killing {
    async fn set_timer(lease: &Lease, tx: &mut SqliteTx, timer: &Timer) -> Result<(), ReadStoreError> {
        SqliteStore::set_timer(&lease.lease, tx, timer).await
    }

    async fn remove_timer(
        lease: &Lease,
        tx: &mut SqliteTx,
        stream: &StreamId,
        name: &str,
    ) -> Result<(), ReadStoreError> {
        SqliteStore::remove_timer(&lease.lease, tx, stream, name).await
    }

    async fn timers(
        lease: &Lease,
        tx: &mut SqliteTx,
        put_aside: bool,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadStoreError> {
        SqliteStore::timers(&lease.lease, tx, put_aside, limit).await
    }

    async fn keep_answer(lease: &Lease, tx: &mut SqliteTx, answer: &KeptAnswer) -> Result<(), ReadStoreError> {
        if lease.fuse.forgets_answers {
            return Ok(());
        }
        SqliteStore::keep_answer(&lease.lease, tx, answer).await
    }

    async fn answers(lease: &Lease, tx: &mut SqliteTx) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        SqliteStore::answers(&lease.lease, tx).await
    }

    async fn forget_answers(lease: &Lease, tx: &mut SqliteTx, occasion: Uuid) -> Result<(), ReadStoreError> {
        SqliteStore::forget_answers(&lease.lease, tx, occasion).await
    }
}
