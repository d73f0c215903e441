//! Timers, by a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};

use crate::domain::{Account, Bank, CONFIRM_WITHIN, Deposited, Progress, Refund, Transfers};

async fn waiting() -> (Arc<ManualClock>, Bank<MemoryStore>, InMemory) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    bank.deposit("alice", 900).await;
    bank.request("t1", "alice", "bob", 800).await;
    let store = InMemory::default();
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Taken);
    (clock, bank, store)
}

#[tokio::test]
async fn a_timer_fires_when_it_is_due_and_survives_a_restart() {
    let (clock, bank, store) = waiting().await;
    let mut reactor = Reactor::from_start(&bank.journal, &store, Transfers);
    clock.set(Timestamp::UNIX_EPOCH + CONFIRM_WITHIN - Duration::from_micros(1));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Taken);
    clock.advance(Duration::from_micros(1));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Refunded);
    assert_eq!(bank.balance("alice").await, 900);
}

#[tokio::test]
async fn a_timer_that_was_cancelled_does_not_fire() {
    let (clock, bank, store) = waiting().await;
    bank.confirm("t1").await.unwrap();
    let mut reactor = Reactor::from_start(&bank.journal, &store, Transfers);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    clock.advance(CONFIRM_WITHIN * 2);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    assert_eq!(bank.transfers.history("t1").await.unwrap().len(), 4);
}

#[tokio::test]
async fn an_event_from_before_a_timer_is_due_comes_first_though_the_reactor_was_not_there() {
    let (clock, bank, store) = waiting().await;
    clock.advance(CONFIRM_WITHIN / 2);
    bank.confirm("t1").await.unwrap();
    clock.advance(CONFIRM_WITHIN * 100);
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
}

#[tokio::test]
async fn a_timer_that_was_due_before_an_event_comes_first() {
    let (clock, bank, store) = waiting().await;
    clock.advance(CONFIRM_WITHIN);
    // Too late by the clock; but nobody has said so yet.
    bank.confirm("t1").await.unwrap();
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    // The transfer decides: it was confirmed before the timer came to it.
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    assert_eq!(bank.balance("alice").await, 100);
}

#[tokio::test]
async fn a_reactor_that_runs_notices_that_the_clock_was_set() {
    let (clock, bank, store) = waiting().await;
    let handle = Reactor::from_start(&bank.journal, &store, Transfers).spawn();
    let head = bank.journal.head().await.unwrap();
    handle.wait_for(head).await.unwrap();
    clock.advance(CONFIRM_WITHIN);
    let given_up = tokio::time::timeout(Duration::from_mins(1), bank.journal.wait(head)).await.unwrap().unwrap();
    handle.wait_for(given_up).await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Refunded);
    handle.stop().await.unwrap();
}

/// Pays 1 to `ticks` a minute after the first deposit, and each minute after that, five times.
#[derive(Reaction)]
#[reaction(name = "ticks", events(Deposited), sends_to(Account))]
struct Ticks;

impl React<Deposited> for Ticks {
    async fn react(&self, recorded: &Recorded<Deposited>, commands: &mut Commands<Self>) -> Reacted {
        if recorded.stream.id() == "alice" && recorded.version == 1 {
            commands.after(Duration::from_mins(1), "tick");
        }
        Ok(())
    }

    async fn wake(&self, recorded: &Recorded<Deposited>, timer: &Timer, commands: &mut Commands<Self>) -> Reacted {
        commands.send("ticks", Refund { amount: 1 }).await?;
        if timer.due < recorded.recorded_at + Duration::from_mins(5) {
            commands.after(Duration::from_mins(1), "tick");
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_timer_may_set_itself_again_and_each_time_is_another_one() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    bank.deposit("alice", 1).await;
    let store = InMemory::default();
    let mut reactor = Reactor::from_start(&bank.journal, &store, Ticks);
    reactor.run_until_idle().await.unwrap();
    clock.advance(Duration::from_mins(3));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("ticks").await, 3, "also those of the time in which it did not run");
    clock.advance(Duration::from_mins(30));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("ticks").await, 5);
    // From the start, all of it once more: the commands are the same.
    Reactor::from_start(&bank.journal, &InMemory::default(), Ticks).run_until_idle().await.unwrap();
    assert_eq!(bank.balance("ticks").await, 5);
}

#[tokio::test]
async fn a_reactor_that_is_paused_reacts_to_nothing() {
    let (clock, bank, store) = waiting().await;
    let handle = Reactor::from_start(&bank.journal, &store, Transfers).spawn();
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    handle.pause().await.unwrap();
    clock.advance(CONFIRM_WITHIN);
    let position = bank.request("t2", "alice", "bob", 1).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(handle.status().state, ProjectorState::Paused);
    assert_eq!((bank.progress("t1").await, bank.progress("t2").await), (Progress::Taken, Progress::Requested));
    handle.resume().await.unwrap();
    handle.wait_for(position).await.unwrap();
    handle.stop().await.unwrap();
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!((bank.progress("t1").await, bank.progress("t2").await), (Progress::Refunded, Progress::Completed));
}

/// Pays 1 to `late` a minute after the first deposit, unless there is another one before; it may fail on one of 13.
#[derive(Reaction, Default)]
#[reaction(name = "patience", events(Deposited), sends_to(Account))]
struct Patience {
    /// While it reacts to the first deposit, there is another one in time, and then the timer is due.
    slow: Option<(Arc<ManualClock>, Arc<Bank<MemoryStore>>)>,
    fails: Arc<AtomicBool>,
}

impl React<Deposited> for Patience {
    async fn react(&self, recorded: &Recorded<Deposited>, commands: &mut Commands<Self>) -> Reacted {
        if recorded.event.amount == 13 {
            return if self.fails.load(Ordering::SeqCst) { Err("no 13".into()) } else { Ok(()) };
        }
        if recorded.version > 1 {
            commands.cancel("late");
            return Ok(());
        }
        commands.after(Duration::from_mins(1), "late");
        if let Some((clock, bank)) = &self.slow {
            deposit_in_time(clock, bank).await;
        }
        Ok(())
    }

    async fn wake(&self, _: &Recorded<Deposited>, _: &Timer, commands: &mut Commands<Self>) -> Reacted {
        commands.send("late", Refund { amount: 1 }).await?;
        Ok(())
    }
}

async fn deposit_in_time(clock: &ManualClock, bank: &Bank<MemoryStore>) {
    clock.advance(Duration::from_secs(30));
    bank.deposit("alice", 1).await;
    clock.advance(Duration::from_mins(1));
}

#[tokio::test]
async fn an_event_from_before_a_timer_is_due_comes_first_though_the_reactor_was_paused() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    let store = InMemory::default();
    let handle = Reactor::from_start(&bank.journal, &store, Patience::default()).spawn();
    bank.deposit("alice", 1).await;
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    while handle.status().state != ProjectorState::Live {
        tokio::task::yield_now().await;
    }
    handle.pause().await.unwrap();
    deposit_in_time(&clock, &bank).await;
    handle.resume().await.unwrap();
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    handle.stop().await.unwrap();
    Reactor::from_start(&bank.journal, &store, Patience::default()).run_until_idle().await.unwrap();
    assert_eq!(bank.journal.head().await.unwrap().number, 2, "the timer was cancelled");
}

#[tokio::test]
async fn an_event_from_before_a_timer_is_due_comes_first_though_the_reactor_was_slow() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Arc::new(Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build()));
    bank.deposit("alice", 1).await;
    let slow = Patience { slow: Some((clock, Arc::clone(&bank))), ..Patience::default() };
    Reactor::from_start(&bank.journal, &InMemory::default(), slow).run_until_idle().await.unwrap();
    assert_eq!(bank.journal.head().await.unwrap().number, 2, "the timer was cancelled");
}

#[tokio::test]
async fn a_timer_waits_for_the_parked_events_of_its_stream_which_may_cancel_it() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    let (store, patience) = (InMemory::default(), Patience::default());
    patience.fails.store(true, Ordering::SeqCst);
    for (account, amounts) in [("alice", [1, 13, 1].as_slice()), ("bob", &[1, 13]), ("carol", &[1])] {
        for amount in amounts {
            bank.deposit(account, *amount).await;
        }
    }
    let fails = Arc::clone(&patience.fails);
    let reactor = Reactor::from_start(&bank.journal, &store, patience).retry(Retry::NEVER);
    let mut reactor = reactor.on_failure(OnFailure::Park);
    reactor.run_until_idle().await.unwrap();
    clock.advance(Duration::from_mins(2));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("late").await, 1, "carol waits for nothing");
    // What fails again is still in their way.
    let handle = reactor.spawn();
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (0, 3));
    bank.deposit("dave", 1).await;
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    assert_eq!(bank.balance("late").await, 1);
    fails.store(false, Ordering::SeqCst);
    let (head, replayed) = (bank.journal.head().await.unwrap(), handle.replay_parked().await.unwrap());
    assert_eq!((replayed.replayed, replayed.still_parked), (3, 0));
    let late = tokio::time::timeout(Duration::from_mins(1), bank.journal.wait(head)).await.unwrap().unwrap();
    handle.wait_for(late).await.unwrap();
    handle.stop().await.unwrap();
    assert_eq!(bank.balance("late").await, 2, "bob has no other one, and alice has");
}
