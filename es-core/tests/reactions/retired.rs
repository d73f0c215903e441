//! Timers whose event is retired before they are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{MemoryStore, ReactorError};
use serde::{Deserialize, Serialize};

use crate::store::Shelf;

#[derive(Command, Debug, Clone)]
struct Take;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "taken")]
struct Taken;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "noted")]
struct Noted;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "started")]
struct Started;

/// As it was.
#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "job", commands(Take), events(Taken(ignored)), error = std::convert::Infallible)]
struct Before;

impl Handle<Take> for Before {
    fn handle(&self, _: Take, _: &Context) -> Decision<Self> {
        accept(Taken)
    }
}

/// As it is.
#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(
    name = "job",
    commands(Take),
    events(Noted(ignored), Started(ignored)),
    retired(Taken),
    error = std::convert::Infallible
)]
struct After;

impl Handle<Take> for After {
    fn handle(&self, _: Take, _: &Context) -> Decision<Self> {
        accept((Noted, Started))
    }
}

impl Retire<Taken> for After {
    fn retire(_: Taken) -> Events<Self> {
        Events::from((Noted, Started))
    }
}

/// Reminds a minute after a job was taken.
#[derive(Reaction)]
#[reaction(name = "reminder", events(Taken), sends_to(Before))]
struct WasTaken;

impl React<Taken> for WasTaken {
    async fn react(&self, _: &Recorded<Taken>, commands: &mut Commands<Self>) -> Reacted {
        commands.after(Duration::from_mins(1), "remind");
        Ok(())
    }
}

/// The same, for the second of the events that it has become.
#[derive(Reaction)]
#[reaction(name = "reminder", events(Started), sends_to(After))]
struct IsStarted;

impl React<Started> for IsStarted {
    async fn react(&self, _: &Recorded<Started>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

/// The same, for the first.
#[derive(Reaction)]
#[reaction(name = "reminder", events(Noted), sends_to(After))]
struct IsNoted(Arc<AtomicU32>);

impl React<Noted> for IsNoted {
    async fn react(&self, _: &Recorded<Noted>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }

    async fn wake(&self, _: &Recorded<Noted>, _: &Timer, _: &mut Commands<Self>) -> Reacted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn a_timer_whose_event_is_not_listed_any_more_fails_and_stays() {
    let (clock, store) = (Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)), Shelf::default());
    let journal = MemoryStore::builder().clock(Arc::clone(&clock) as _).build();
    Repository::<Before, _>::new(&journal).execute("dig", Take).await.unwrap();
    Reactor::from_start(&journal, &store, WasTaken).run_until_idle().await.unwrap();
    clock.advance(Duration::from_mins(2));
    let mut reactor = Reactor::from_start(&journal, &store, IsStarted).retry(Retry::NEVER);
    let error = reactor.run_until_idle().await.unwrap_err();
    assert!(matches!(error, ReactorError::Event { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "reaction `reminder` failed on `taken`, event 1 of `job/dig` at position 1, 1 times: timer `remind`: the event \
         that it was set for is not listed"
    );
    drop(reactor);
    assert_eq!(store.now().timers.len(), 1);
    let woken = Arc::new(AtomicU32::new(0));
    Reactor::from_start(&journal, &store, IsNoted(Arc::clone(&woken))).run_until_idle().await.unwrap();
    assert_eq!((woken.load(Ordering::SeqCst), store.now().timers.len()), (1, 0));
}
