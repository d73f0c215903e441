//! Reactions that fail, and stores that do.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore, ReactorStatus};

use crate::domain::{Account, Bank, Deposit, Deposited, Refund, Withdraw};
use crate::faulty::{Fault, FaultyStore};
use crate::store::{Shelf, StoreFault};

/// What goes wrong on an event of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mishap {
    Error,
    Panic,
    Rejection,
    OtherAggregate,
    /// On the timer, and not on the event.
    Timer,
}

/// Pays a bonus of 1 to `house` for each deposit, and 1 more a minute later.
#[derive(Reaction, Clone, Default)]
#[reaction(name = "bonus", events(Deposited), sends_to(Account))]
struct Bonus {
    mishap: Arc<Mutex<Option<(String, Mishap)>>>,
    calls: Arc<AtomicU32>,
}

impl Bonus {
    fn fails(&self, account: &str, mishap: Mishap) {
        *self.mishap.lock().unwrap() = Some((account.to_owned(), mishap));
    }

    fn works(&self) {
        *self.mishap.lock().unwrap() = None;
    }

    fn mishap(&self, account: &str) -> Option<Mishap> {
        self.mishap.lock().unwrap().as_ref().filter(|(unlucky, _)| unlucky == account).map(|(_, mishap)| *mishap)
    }
}

impl React<Deposited> for Bonus {
    async fn react(&self, recorded: &Recorded<Deposited>, commands: &mut Commands<Self>) -> Reacted {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let account = recorded.stream.id();
        if account == "house" {
            return Ok(());
        }
        match self.mishap(account) {
            Some(Mishap::Error) => return Err("no bonus today".into()),
            Some(Mishap::Panic) => panic!("no bonus at all"),
            Some(Mishap::Rejection) => drop(commands.send("nobody", Withdraw { amount: 1 }).await?),
            Some(Mishap::OtherAggregate) => {
                // The error of a store is not to be lost, whatever is made of it.
                drop(commands.send("house", Refund { amount: 1 }).await);
                return Ok(());
            }
            _ => {}
        }
        commands.send("house", Refund { amount: 1 }).await?;
        commands.after(Duration::from_mins(1), "more");
        Ok(())
    }

    async fn wake(&self, recorded: &Recorded<Deposited>, timer: &Timer, commands: &mut Commands<Self>) -> Reacted {
        assert_eq!((timer.name.as_str(), &timer.stream), ("more", &recorded.stream));
        if self.mishap(recorded.stream.id()) == Some(Mishap::Timer) {
            return Err("no more".into());
        }
        commands.send("house", Refund { amount: 1 }).await?;
        Ok(())
    }
}

fn world() -> (Arc<ManualClock>, Bank<MemoryStore>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    (clock, bank)
}

#[tokio::test]
async fn an_event_that_fails_stops_the_reactor_and_names_it() {
    let cases = [
        (Mishap::Error, "no bonus today"),
        (Mishap::Panic, "it panicked: no bonus at all"),
        (Mishap::Rejection, "`account/nobody` rejected Withdraw(Withdraw { amount: 1 }): balance falls below 0"),
    ];
    for (mishap, text) in cases {
        let (_, bank) = world();
        let bonus = Bonus::default();
        bonus.fails("bob", mishap);
        let reactor = Reactor::from_start(&bank.journal, &InMemory::default(), bonus.clone());
        let handle = reactor.retry(Retry { attempts: 3, ..Retry::NEVER }).spawn();
        bank.deposit("alice", 1).await;
        bank.deposit("bob", 1).await;
        bank.deposit("alice", 1).await;
        let head = bank.journal.head().await.unwrap();
        let error = handle.wait_for(head).await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("reaction `bonus` failed on `deposited`, event 1 of `account/bob` at position 2, 3 times: {text}")
        );
        let ReactorStatus { state, last_error, .. } = handle.status();
        assert_eq!((state, last_error.unwrap().to_string()), (ProjectorState::Failed, error));
        assert_eq!(bank.balance("house").await, 1);
        bonus.works();
        handle.resume().await.unwrap();
        handle.wait_for(head).await.unwrap();
        assert_eq!(bank.balance("house").await, 3);
        handle.stop().await.unwrap();
        assert_eq!(
            handle.wait_for(Position::new(99)).await.unwrap_err().to_string(),
            "the reactor of `bonus` has stopped"
        );
    }
}

#[tokio::test]
async fn an_event_that_is_parked_holds_up_its_stream_alone_until_it_is_replayed() {
    let (_, bank) = world();
    let bonus = Bonus::default();
    bonus.fails("bob", Mishap::Error);
    let reactor = Reactor::from_start(&bank.journal, &InMemory::default(), bonus.clone());
    let handle = reactor.retry(Retry::NEVER).on_failure(OnFailure::Park).spawn();
    for account in ["bob", "alice", "bob", "alice"] {
        bank.deposit(account, 1).await;
    }
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    assert_eq!((bank.balance("house").await, handle.status().parked_streams), (2, 1));
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (0, 2));
    bonus.works();
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (2, 0));
    assert_eq!(bank.balance("house").await, 4);
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_timer_that_fails_is_tried_again_and_parked_alone() {
    let (clock, bank) = world();
    let (bonus, store) = (Bonus::default(), Shelf::default());
    bonus.fails("bob", Mishap::Timer);
    bank.deposit("bob", 1).await;
    bank.deposit("alice", 1).await;
    let mut reactor = Reactor::from_start(&bank.journal, &store, bonus.clone()).retry(Retry::NEVER);
    reactor.run_until_idle().await.unwrap();
    clock.advance(Duration::from_mins(1));
    let error = reactor.run_until_idle().await.unwrap_err().to_string();
    let expected = "reaction `bonus` failed on `deposited`, event 1 of `account/bob` at position 1, 1 times: \
                    timer `more`: no more";
    assert_eq!(error, expected);
    drop(reactor);
    let reactor = Reactor::from_start(&bank.journal, &store, bonus.clone()).retry(Retry::NEVER);
    let mut reactor = reactor.on_failure(OnFailure::Park);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.balance("house").await, 3, "that of alice has fired");
    let aside: Vec<_> = store.now().timers.into_values().collect();
    assert_eq!((aside.len(), aside[0].error.as_deref()), (1, Some("no more")));
    bonus.works();
    let handle = reactor.handle();
    let running = tokio::spawn(reactor.run());
    handle.replay_parked().await.unwrap();
    let mut head = bank.journal.head().await.unwrap();
    while bank.balance("house").await < 4 {
        head = tokio::time::timeout(Duration::from_mins(1), bank.journal.wait(head)).await.unwrap().unwrap();
    }
    handle.stop().await.unwrap();
    running.await.unwrap().unwrap();
    assert!(store.now().timers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reactor_that_is_paused_stays_so_when_its_store_fails() {
    let (_, bank) = world();
    let (bonus, store) = (Bonus::default(), Shelf::default());
    bonus.fails("bob", Mishap::Error);
    let reactor = Reactor::from_start(&bank.journal, &store, bonus.clone()).retry(Retry::NEVER);
    let handle = reactor.on_failure(OnFailure::Park).spawn();
    bank.deposit("bob", 1).await;
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    handle.pause().await.unwrap();
    bonus.works();
    bank.deposit("alice", 1).await;
    store.faults.lock().unwrap().extend([StoreFault::Fail, StoreFault::Fail]);
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (1, 0));
    assert_eq!(handle.replay_parked().await.unwrap().replayed, 0, "also a second time");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!((bank.balance("house").await, handle.status().state), (1, ProjectorState::Paused));
    handle.resume().await.unwrap();
    handle.wait_for(bank.journal.head().await.unwrap()).await.unwrap();
    assert_eq!(bank.balance("house").await, 2);
    handle.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_is_tried_again_and_nothing_is_parked_for_it() {
    for mishap in [None, Some(Mishap::OtherAggregate)] {
        let journal = FaultyStore::on(MemoryStore::new());
        let bank = Bank::on(&journal);
        let (bonus, store) = (Bonus::default(), Shelf::default());
        if let Some(mishap) = mishap {
            bonus.fails("alice", mishap);
        }
        bank.deposit("alice", 1).await;
        journal.will_append([
            Fault::Fail,
            Fault::Fail,
            Fault::LoseRequest,
            Fault::LoseRequest,
            Fault::LoseRequest,
            Fault::Fail,
        ]);
        let reactor = Reactor::from_start(&journal, &store, bonus.clone()).retry(Retry::NEVER);
        let handle = reactor.on_failure(OnFailure::Park).spawn();
        handle.wait_for(Position::new(1)).await.unwrap();
        handle.stop().await.unwrap();
        assert_eq!(bank.balance("house").await, 1, "{mishap:?}");
        assert!(bonus.calls.load(Ordering::SeqCst) > 2);
        assert!(store.now().parked.is_empty());
    }
}

#[tokio::test]
async fn another_journal_is_noticed_and_the_reaction_can_start_over() {
    let ((_, bank), (_, other)) = (world(), world());
    let store = InMemory::default();
    bank.deposit("alice", 1).await;
    other.deposit("alice", 1).await;
    Reactor::from_start(&bank.journal, &store, Bonus::default()).run_until_idle().await.unwrap();
    let mut reactor = Reactor::from_start(&other.journal, &store, Bonus::default());
    let error = reactor.run_until_idle().await.unwrap_err();
    assert!(matches!(error, ReactorError::OtherJournal { reaction: "bonus" }), "{error}");
    let handle = reactor.spawn();
    handle.wait_for(Position::new(1)).await.unwrap_err();
    handle.start_over().await.unwrap();
    handle.wait_for(other.journal.head().await.unwrap()).await.unwrap();
    assert_eq!(other.balance("house").await, 1);
    handle.start_over().await.unwrap();
    handle.wait_for(other.journal.head().await.unwrap()).await.unwrap();
    assert_eq!(other.balance("house").await, 1, "the same commands change nothing");
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_reaction_that_starts_over_begins_where_it_was_told_to() {
    let (_, bank) = world();
    bank.deposit("alice", 1).await;
    let handle = Reactor::from_now(&bank.journal, &InMemory::default(), Bonus::default()).spawn();
    handle.wait_for(Position::new(1)).await.unwrap();
    bank.deposit("alice", 1).await;
    handle.wait_for(Position::new(3)).await.unwrap();
    handle.start_over().await.unwrap();
    bank.deposit("alice", 1).await;
    handle.wait_for(Position::new(4)).await.unwrap();
    assert_eq!(bank.balance("house").await, 2, "of the deposit before it first ran it knows nothing");
    handle.stop().await.unwrap();
}

/// Deposits in two accounts; the second command follows from the answer to the first.
#[derive(Reaction)]
#[reaction(name = "fickle", events(Deposited), sends_to(Account))]
struct Fickle {
    amount: u64,
}

impl React<Deposited> for Fickle {
    async fn react(&self, recorded: &Recorded<Deposited>, commands: &mut Commands<Self>) -> Reacted {
        if recorded.stream.id() == "alice" {
            let rejected = commands.try_send("full", Deposit { amount: self.amount }).await?.is_err();
            if rejected {
                commands.send("house", Deposit { amount: 1 }).await?;
            }
            if self.amount > 1 {
                return Err("not yet".into());
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_reaction_that_would_be_answered_otherwise_now_fails() {
    let (_, bank) = world();
    let store = Shelf::default();
    bank.deposit("full", 999).await;
    bank.deposit("alice", 1).await;
    let mut first = Reactor::from_start(&bank.journal, &store, Fickle { amount: 2 }).retry(Retry::NEVER);
    first.run_until_idle().await.unwrap_err();
    drop(first);
    assert_eq!((bank.balance("house").await, store.now().answers.len()), (1, 1));
    // The program has changed: on the same state this one would be accepted.
    let mut second = Reactor::from_start(&bank.journal, &store, Fickle { amount: 1 }).retry(Retry::NEVER);
    let error = second.run_until_idle().await.unwrap_err().to_string();
    assert!(error.ends_with("was answered before, with nothing done; now the answer would be another one"), "{error}");
    assert_eq!((bank.balance("full").await, bank.balance("house").await), (999, 1));
    let _: Option<Account> = None;
}
