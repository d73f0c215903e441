//! What `#[derive(Reaction)]` takes, and what it makes of it.
#![allow(missing_docs, reason = "a test")]

use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};
use serde::{Deserialize, Serialize};

/// The program as it was: a move was one event.
mod before {
    use super::*;

    #[derive(Command, Debug, Clone)]
    pub struct Move {
        pub out: u64,
        pub back: u64,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "moved")]
    pub struct Moved {
        pub out: u64,
        pub back: u64,
    }

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(name = "account", commands(Move), events(Moved(ignored)), error = std::convert::Infallible)]
    pub struct Account {}

    impl Handle<Move> for Account {
        fn handle(&self, command: Move, _: &Context) -> Decision<Self> {
            accept(Moved { out: command.out, back: command.back })
        }
    }
}

/// The program as it is: a move is two events, and nothing is moved any more.
mod bank {
    use super::before::Moved;
    use super::*;

    #[derive(Command, Debug, Clone)]
    pub struct PayIn {
        pub by: u64,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "paid_in", aliases("increased"))]
    pub struct PaidIn {
        pub by: u64,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "paid_out")]
    pub struct PaidOut {
        pub by: u64,
    }

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(
        name = "account",
        commands(PayIn),
        events(PaidIn(ignored), PaidOut(ignored)),
        retired(Moved),
        error = std::convert::Infallible
    )]
    pub struct Account {}

    impl Handle<PayIn> for Account {
        fn handle(&self, command: PayIn, _: &Context) -> Decision<Self> {
            accept(PaidIn { by: command.by })
        }
    }

    impl Retire<Moved> for Account {
        fn retire(event: Moved) -> Events<Self> {
            let mut events = Events::from(PaidOut { by: event.out });
            events.push(PaidIn { by: event.back }.into());
            events
        }
    }
}

mod ledger {
    use super::*;

    #[derive(Command, Debug, Clone)]
    pub struct Enter(pub String);

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Entered(pub String);

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(commands(Enter), events(Entered(ignored), bank::PaidIn(ignored)), error = std::convert::Infallible)]
    pub struct Ledger {}

    impl Handle<Enter> for Ledger {
        fn handle(&self, Enter(line): Enter, _: &Context) -> Decision<Self> {
            accept(Entered(line))
        }
    }
}

/// Enters each payment in the ledger, twice, and once more a minute later.
#[derive(Reaction)]
#[reaction(
    events(
        #[cfg(any())] bank::PaidIn of ledger::Ledger,
        bank::PaidIn of bank::Account,
        bank::PaidOut,
        #[cfg(any())] bank::NotThere,
    ),
    sends_to(ledger::Ledger)
)]
struct KeepLedger;

impl KeepLedger {
    async fn enter(line: String, commands: &mut Commands<Self>) -> Reacted {
        commands.send("main", ledger::Enter(line.clone())).await?;
        commands.send("main", ledger::Enter(line)).await?;
        commands.after(Duration::from_mins(1), "again");
        Ok(())
    }
}

impl React<bank::PaidIn> for KeepLedger {
    async fn react(&self, recorded: &Recorded<bank::PaidIn>, commands: &mut Commands<Self>) -> Reacted {
        Self::enter(format!("in {} ({})", recorded.event.by, recorded.index), commands).await
    }

    async fn wake(&self, recorded: &Recorded<bank::PaidIn>, timer: &Timer, commands: &mut Commands<Self>) -> Reacted {
        let line = format!("{} in {} ({})", timer.name, recorded.event.by, recorded.index);
        commands.send::<ledger::Ledger>("main", ledger::Enter(line)).await?;
        Ok(())
    }
}

impl React<bank::PaidOut> for KeepLedger {
    async fn react(&self, recorded: &Recorded<bank::PaidOut>, commands: &mut Commands<Self>) -> Reacted {
        Self::enter(format!("out {} ({})", recorded.event.by, recorded.index), commands).await
    }
}

#[tokio::test]
async fn a_retired_event_is_reacted_to_as_what_it_became_and_each_command_is_its_own() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = MemoryStore::builder().clock(Arc::clone(&clock) as _).build();
    let before = Repository::<before::Account, _>::new(&store);
    before.execute("alice", before::Move { out: 5, back: 3 }).await.unwrap();
    let accounts = Repository::<bank::Account, _>::new(&store);
    accounts.execute("bob", bank::PayIn { by: 7 }).await.unwrap();
    let ledger = Repository::<ledger::Ledger, _>::new(&store);
    // Twice, and twice from the start: nothing changes.
    for _ in 0..2 {
        Reactor::from_start(&store, &InMemory::default(), KeepLedger).run_until_idle().await.unwrap();
        let kept = InMemory::default();
        let mut reactor = Reactor::from_start(&store, &kept, KeepLedger);
        reactor.run_until_idle().await.unwrap();
        let lines: Vec<_> = ledger.history("main").await.unwrap().into_iter().map(|entry| entry.event).collect();
        let entered = |line: &str| ledger::LedgerEvent::from(ledger::Entered(line.to_owned()));
        let lines_of = ["out 5 (0)", "out 5 (0)", "in 3 (1)", "in 3 (1)", "in 7 (0)", "in 7 (0)"];
        assert_eq!(lines[..6], lines_of.map(entered));
        clock.advance(Duration::from_mins(1));
        reactor.run_until_idle().await.unwrap();
        let lines: Vec<_> = ledger.history("main").await.unwrap().into_iter().map(|entry| entry.event).collect();
        // A stream has one timer of a name: the later one of the two that the move became.
        assert_eq!(lines[6..], ["again in 3 (1)", "again in 7 (0)"].map(entered));
    }
}

#[test]
fn the_name_and_the_events_are_those_that_are_written() {
    assert_eq!(KeepLedger::NAME, "keep_ledger");
    let filter = KeepLedger::reactions().filter();
    for (aggregate, name, wanted) in [
        ("account", "paid_in", true),
        ("account", "increased", true),
        ("account", "moved", true),
        ("account", "opened", false),
        ("ledger", "paid_in", false),
        ("ledger", "Entered", false),
    ] {
        assert_eq!(filter.lets_through(aggregate, name), wanted, "{aggregate} {name}");
    }
}
