//! Timers on a journal whose events may be held back by a transaction of somebody's.

use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};

use crate::domain::{Account, Bank, Deposited, Refund};
use crate::held::{Ends, Held};

fn on(clock: &Arc<ManualClock>) -> Held {
    Held::on(MemoryStore::builder().clock(Arc::clone(clock) as _).build())
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
    let (journal, store) = (on(&clock), InMemory::default());
    let bank = Bank::on(&journal);
    bank.deposit("alice", 1).await;
    let mut reactor = Reactor::from_start(&journal, &store, Patience);
    reactor.run_until_idle().await.unwrap();
    journal.hold(Ends::Never).await;
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
    let journal = on(&clock);
    let bank = Bank::on(&journal);
    bank.deposit("alice", 1).await;
    let handle = Reactor::from_start(&journal, &InMemory::default(), Patience).spawn();
    handle.wait_for(journal.head().await.unwrap()).await.unwrap();
    journal.hold(Ends::Never).await;
    bank.deposit("bob", 1).await;
    clock.advance(Duration::from_secs(61));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bank.balance("late").await, 0, "it is not known what is held back");
    // From now on it is something else, as where somebody writes all the time.
    let held = journal.hold(Ends::Never).await;
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
