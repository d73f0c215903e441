//! Timers on a journal whose events may be held back by a transaction of somebody's.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{
    Append, AppendError, Appended, Clock, CommandId, Filter, InMemory, JournalError, JournalId, MemoryStore, Page,
    PageSize, Snapshot, SnapshotStore,
};

use crate::domain::{Account, Bank, Deposited, Refund};

/// A journal in memory that pretends that what is after a position is held back.
#[derive(Clone)]
struct Held {
    inner: MemoryStore,
    after: Arc<Mutex<Option<Position>>>,
}

impl Held {
    fn new(clock: &Arc<ManualClock>) -> Self {
        Self { inner: MemoryStore::builder().clock(Arc::clone(clock) as _).build(), after: Arc::default() }
    }

    /// Holds back what comes from now on, and nothing else.
    async fn hold(&self) -> Position {
        let head = self.inner.head().await.unwrap();
        *self.after.lock().unwrap() = Some(head);
        head
    }

    fn release(&self) {
        *self.after.lock().unwrap() = None;
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
        let held = *self.after.lock().unwrap();
        let Some(held) = held.filter(|held| *held < page.next()) else { return Ok(page) };
        let mut cut = Page::new(size, after);
        for event in page.iter().take_while(|event| event.position <= held) {
            cut.push(event);
        }
        cut.passed(held);
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
        Ok(self.after.lock().unwrap().map_or(head, |held| head.min(held)))
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.inner.newest().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        loop {
            let head = self.head().await?;
            if head > after {
                return Ok(head);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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

/// Pays 1 to `late` a minute after the first deposit of an account, unless there is another one before.
#[derive(Reaction)]
#[reaction(name = "patience", events(Deposited), sends_to(Account))]
struct Patience;

impl React<Deposited> for Patience {
    async fn react(&self, recorded: &Recorded<Deposited>, commands: &mut Commands<Self>) -> Reacted {
        match (recorded.stream.id(), recorded.version) {
            ("late", _) => {}
            (_, 1) => commands.after(Duration::from_mins(1), "late"),
            _ => commands.cancel("late"),
        }
        Ok(())
    }

    async fn wake(&self, _: &Recorded<Deposited>, _: &Timer, commands: &mut Commands<Self>) -> Reacted {
        commands.send("late", Refund { amount: 1 }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn an_event_that_was_held_back_when_a_timer_became_due_comes_first() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let (journal, store) = (Held::new(&clock), InMemory::default());
    let bank = Bank::on(&journal);
    bank.deposit("alice", 1).await;
    let mut reactor = Reactor::from_start(&journal, &store, Patience);
    reactor.run_until_idle().await.unwrap();
    journal.hold().await;
    clock.advance(Duration::from_secs(30));
    bank.deposit("alice", 1).await;
    clock.advance(Duration::from_mins(2));
    // It ends, and leaves the timer to the next one.
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("late").await, 0);
    let handle = Reactor::from_start(&journal, &store, Patience).spawn();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bank.balance("late").await, 0);
    journal.release();
    handle.wait_for(journal.head().await.unwrap()).await.unwrap();
    handle.stop().await.unwrap();
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("late").await, 0, "the timer was cancelled");
}

#[tokio::test]
async fn a_timer_does_not_wait_for_what_is_held_back_after_it_became_due() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let journal = Held::new(&clock);
    let bank = Bank::on(&journal);
    bank.deposit("alice", 1).await;
    let handle = Reactor::from_start(&journal, &InMemory::default(), Patience).spawn();
    handle.wait_for(journal.head().await.unwrap()).await.unwrap();
    journal.hold().await;
    bank.deposit("bob", 1).await;
    clock.advance(Duration::from_secs(61));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bank.balance("late").await, 0, "it is not known what is held back");
    // From now on it is something else, as where somebody writes all the time.
    let held = journal.hold().await;
    bank.deposit("carol", 1).await;
    handle.wait_for(held).await.unwrap();
    let paid = async {
        while bank.balance("late").await == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), paid).await.unwrap();
    handle.stop().await.unwrap();
}
