//! What a repository promises, on a journal that is in order and on one that is not.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use common::faulty::{Fault, FaultyStore};
use common::{Account, AccountEvent, BelowZero, COPIES, Decrease, Increase, IncreaseTwice, Increased, Look};
use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, JournalError, NewEvent, Snapshot, SnapshotStore, StreamIdError};
use serde::{Deserialize, Serialize};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

fn event(name: &'static str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(),
        name: name.into(),
        version: 1,
        format: "json".into(),
        payload: payload.into(),
        metadata: Arc::default(),
    }
}

fn increased(by: u64) -> NewEvent {
    event("increased", &format!("{{\"by\":{by}}}"))
}

fn to(id: &str, event: NewEvent) -> Append {
    Append::to_stream(stream(id), ExpectedVersion::Any, vec![event])
}

#[tokio::test]
async fn a_command_gives_events_state_version_and_position() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let outcome = accounts.execute("alice", IncreaseTwice { by: 50 }).await.unwrap();
    assert_eq!(outcome.events, vec![AccountEvent::Increased(Increased { by: 50 }); 2]);
    assert_eq!((outcome.state.balance, outcome.version, outcome.position), (100, 2, Position::new(2)));
    let outcome = accounts.execute("alice", Look).await.unwrap();
    assert_eq!((outcome.events.len(), outcome.version, outcome.position), (0, 2, Position::new(2)));
    assert_eq!(store.head().await.unwrap(), Position::new(2));
}

#[tokio::test]
async fn commands_one_after_the_other_leave_time_for_other_tasks() {
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    let other = tokio::spawn(async {});
    // Each of them is done when it is first polled, and there is one thread.
    for _ in 0..1_000 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    assert!(other.is_finished());
}

#[tokio::test]
async fn a_rejected_command_writes_nothing() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let error = accounts.execute("alice", Decrease { by: 1 }).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Rejected(BelowZero)), "{error:?}");
    assert_eq!(error.to_string(), "balance falls below 0");
    assert_eq!(store.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_state_that_was_and_a_state_as_of_a_time() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = MemoryStore::builder().clock(clock.clone()).build();
    let accounts = Repository::<Account, _>::new(&store);
    for by in 1..=25 {
        clock.advance(Duration::from_secs(1));
        accounts.execute("alice", Increase { by }).await.unwrap();
    }
    // Once from the cache, once from snapshots and events.
    for accounts in [accounts, Repository::new(&store)] {
        for version in 0..=25 {
            let sum = (1..=version).sum();
            let loaded = accounts.load("alice").at_version(version).await.unwrap();
            assert_eq!((loaded.version, loaded.state.balance), (version, sum));
            let time = Timestamp::UNIX_EPOCH + Duration::from_secs(version);
            assert_eq!(accounts.load("alice").as_of(time).await.unwrap(), loaded);
            let just_before_the_next = time + Duration::from_micros(999_999);
            assert_eq!(accounts.load("alice").as_of(just_before_the_next).await.unwrap(), loaded);
        }
        let error = accounts.load("alice").at_version(26).await.unwrap_err();
        assert_eq!(error.to_string(), "`account/alice` has no version 26; its newest is 25");
        assert_eq!(accounts.load("nobody").await.unwrap().version, 0);
        assert_eq!(accounts.load("nobody").as_of(Timestamp::MAX).await.unwrap().version, 0);
    }
}

#[tokio::test]
async fn the_history_says_who_did_what_when() {
    let clock = Arc::new(ManualClock::at("2026-11-23T18:00:00Z".parse().unwrap()));
    let store = MemoryStore::builder().clock(clock.clone()).build();
    let accounts = Repository::<Account, _>::new(&store);
    let (command, correlation) = (CommandId::new(), CorrelationId::new());
    accounts
        .execute("alice", Increase { by: 100 })
        .actor("teller-7")
        .command_id(command)
        .correlation_id(correlation)
        .causation_id(EventId::new())
        .metadata("branch", "Utrecht")
        .await
        .unwrap();
    clock.advance(Duration::from_mins(1));
    accounts.execute("alice", Decrease { by: 30 }).await.unwrap();

    let history = accounts.history("alice").await.unwrap();
    let [first, second] = &history[..] else { panic!("{history:?}") };
    assert_eq!(first.event, AccountEvent::Increased(Increased { by: 100 }));
    assert_eq!(first.recorded_at.to_string(), "2026-11-23T18:00:00.000000Z");
    assert_eq!(first.metadata.actor.as_deref(), Some("teller-7"));
    assert_eq!((first.metadata.command_id, first.metadata.correlation_id), (Some(command), Some(correlation)));
    assert_eq!(first.metadata.extra["branch"], "Utrecht");
    assert_eq!((second.version, second.position, second.stream.id()), (2, Position::new(2), "alice"));
    assert!(second.metadata.is_empty() && second.recorded_at > first.recorded_at);

    let mut pages = accounts.history("alice").from_version(2).pages().size(es_core::PageSize::events(1));
    assert_eq!(pages.next().await.unwrap().unwrap(), history[1..]);
    assert_eq!(pages.next().await.unwrap(), None);
    assert_eq!(accounts.history("alice").to_version(1).await.unwrap(), history[..1]);
}

#[tokio::test]
async fn a_repeated_command_is_answered_with_what_it_did_the_first_time() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let id = CommandId::new();
    let first = accounts.execute("alice", IncreaseTwice { by: 10 }).command_id(id).await.unwrap();
    accounts.execute("alice", Decrease { by: 15 }).await.unwrap();
    // From the same program and from one that starts anew; and also where the command would now be another one.
    for accounts in [accounts, Repository::new(&store)] {
        let again = accounts.execute("alice", Decrease { by: 1_000 }).command_id(id).await.unwrap();
        assert_eq!((&again.events, &again.state, again.version), (&first.events, &first.state, 2));
        assert_eq!((again.position, again.repeated, first.repeated), (first.position, true, false));
        assert_eq!(accounts.load("alice").await.unwrap().state.balance, 5);
        // The same id on another aggregate is another command.
        let error = accounts.execute("bob", Decrease { by: 1 }).command_id(id).await.unwrap_err();
        assert!(matches!(error, ExecuteError::Rejected(_)));
    }
}

#[tokio::test]
async fn a_rejected_command_is_decided_anew_when_it_is_repeated() {
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    let id = CommandId::new();
    accounts.execute("alice", Decrease { by: 1 }).command_id(id).await.unwrap_err();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    let outcome = accounts.execute("alice", Decrease { by: 1 }).command_id(id).await.unwrap();
    assert_eq!((outcome.version, outcome.repeated), (2, false));
}

#[tokio::test]
async fn a_lost_race_is_decided_again_on_what_the_winner_left() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 10 }).await.unwrap();
    store.will_append([Fault::Overtake(to("alice", increased(1))), Fault::Overtake(to("alice", increased(2)))]);
    let outcome = accounts.execute("alice", Decrease { by: 13 }).await;
    // 13 are only there after both others: the first decision is taken on the balance of 10.
    assert!(matches!(outcome, Err(ExecuteError::Rejected(_))), "{outcome:?}");
    let outcome = accounts.execute("alice", Decrease { by: 5 }).await.unwrap();
    assert_eq!((outcome.state.balance, outcome.version), (8, 4));
    let outcome = accounts.execute("alice", Decrease { by: 8 }).await.unwrap();
    assert_eq!((outcome.state.balance, outcome.state.changes, outcome.version), (0, 5, 5));
}

#[tokio::test]
async fn an_outdated_cache_rejects_nothing() {
    let store = MemoryStore::new();
    let (here, there) = (Repository::<Account, _>::new(&store), Repository::<Account, _>::new(&store));
    assert_eq!(here.load("alice").await.unwrap().version, 0);
    there.execute("alice", Increase { by: 100 }).await.unwrap();
    assert_eq!(here.execute("alice", Decrease { by: 100 }).await.unwrap().state.balance, 0);
    there.execute("alice", Increase { by: 7 }).await.unwrap();
    assert_eq!(here.execute("alice", Look).await.unwrap().state.balance, 7);
}

#[tokio::test]
async fn too_many_lost_races_are_a_conflict_that_names_the_stream() {
    let store = FaultyStore::new();
    let retry = Retry { attempts: 3, wait: Duration::from_micros(1), longest_wait: Duration::from_micros(2) };
    let accounts = Repository::<Account, _>::builder(&store).retry(retry).build();
    store.will_append((0..3).map(|_| Fault::Overtake(to("alice", increased(1)))));
    let error = accounts.execute("alice", Increase { by: 1 }).await.unwrap_err();
    assert_eq!(error.to_string(), "`account/alice` has version 3, not version 2, after 3 attempts");
    assert_eq!(accounts.load("alice").await.unwrap().state.balance, 3);
}

#[tokio::test]
async fn a_command_may_ask_for_the_version_that_its_caller_saw() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 1 }).expected_version(0).await.unwrap();
    let error = accounts.execute("alice", Increase { by: 1 }).expected_version(0).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Conflict { actual: 1, .. }), "{error:?}");
    let ahead = Repository::<Account, _>::new(&store);
    ahead.execute("alice", Increase { by: 1 }).expected_version(1).await.unwrap();
    // `accounts` has version 1 in its cache.
    accounts.execute("alice", Increase { by: 1 }).expected_version(2).await.unwrap();
    let error = ahead.execute("alice", Increase { by: 1 }).expected_version(2).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Conflict { actual: 3, .. }), "{error:?}");
}

#[tokio::test]
async fn a_lost_answer_is_found_out_and_not_written_twice() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    store.will_append([Fault::LoseAnswer]);
    let outcome = accounts.execute("alice", IncreaseTwice { by: 1 }).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance), (2, 2));
    store.will_append([Fault::LoseRequest, Fault::LoseRequest]);
    let outcome = accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance), (3, 3));
    assert_eq!(store.head().await.unwrap(), Position::new(3));
}

#[tokio::test]
async fn an_answer_that_stays_lost_is_unknown_and_the_command_id_finds_out() {
    let store = FaultyStore::new();
    let patience = Patience { wait: Duration::from_millis(1), total: Duration::from_millis(5), ..Patience::default() };
    let accounts = Repository::<Account, _>::builder(&store).patience(patience).build();
    let id = CommandId::new();
    store.will_append(std::iter::repeat_n(Fault::LoseRequest, 1_000));
    let error = accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Unknown { .. }), "{error:?}");
    assert!(store.calls().iter().filter(|call| **call == "append").count() > 2);
    store.appends.lock().unwrap().clear();
    let accounts = Repository::<Account, _>::builder(&store).patience(Patience::NONE).build();
    store.will_append([Fault::LoseAnswer]);
    let error = accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Unknown { .. }), "{error:?}");
    let outcome = accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap();
    assert!(outcome.repeated);
    assert_eq!(accounts.load("alice").await.unwrap().state.balance, 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_used_just_now_is_tried_again() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::builder(&store).cache(0).build();
    let busy = || (0..3).map(|_| Fault::Busy);
    store.will_read(busy());
    store.will_append(busy());
    let id = CommandId::new();
    let outcome = accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance, outcome.repeated), (1, 1, false));
    store.will_read(busy());
    assert_eq!(accounts.load("alice").await.unwrap().version, 1);
    store.will_read(busy());
    assert_eq!(accounts.history("alice").await.unwrap().len(), 1);
    // An answer that got lost is looked for until the store answers, also for what it says then.
    store.will_append([Fault::LoseAnswer].into_iter().chain(busy()));
    store.will_read([Fault::None, Fault::None, Fault::None, Fault::Busy]);
    let outcome = accounts.execute("alice", Increase { by: 1 }).command_id(CommandId::new()).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance), (2, 2));
    store.will_read(busy());
    assert!(accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap().repeated);
    assert_eq!(store.head().await.unwrap(), Position::new(2));
}

#[tokio::test]
async fn without_patience_what_the_store_says_is_the_answer() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::builder(&store).patience(Patience::NONE).build();
    store.will_append([Fault::Busy]);
    let error = accounts.execute("alice", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::Journal(error) if error.is_transient()), "{error:?}");
    assert_eq!(error.to_string(), "the faulty store cannot be used just now: as asked; try again");
    store.will_read([Fault::Busy]);
    assert!(matches!(accounts.load("alice").await, Err(LoadError::Journal(error)) if error.is_transient()));
}

#[tokio::test]
async fn commands_that_wait_for_their_turn_while_the_store_is_away_do_not_wait_each_its_own_time() {
    let store = FaultyStore::new();
    let patience = Patience { total: Duration::from_millis(300), ..Patience::default() };
    let accounts = Repository::<Account, _>::builder(&store).patience(patience).build();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    store.will_append(std::iter::repeat_n(Fault::Busy, 10_000));
    store.calls();
    let commands: Vec<_> =
        (0..200).map(|_| tokio::spawn(accounts.execute("alice", Increase { by: 1 }).into_future())).collect();
    for command in commands {
        let error = command.await.unwrap().unwrap_err();
        assert!(matches!(&error, ExecuteError::Journal(error) if error.is_transient()), "{error:?}");
    }
    // The first one tries again and again; those behind it find out once that it still is so.
    let tries = store.calls().iter().filter(|call| **call == "append").count();
    assert!((201..220).contains(&tries), "{tries} tries");
    store.appends.lock().unwrap().clear();
    assert_eq!(accounts.execute("alice", Increase { by: 1 }).await.unwrap().version, 2);
}

#[tokio::test]
async fn one_command_id_from_two_programs_at_once_is_done_once() {
    let store = MemoryStore::new();
    for round in 0..100 {
        let account = format!("account-{round}");
        let id = CommandId::new();
        let execute = |by| {
            let accounts = Repository::<Account, _>::new(&store);
            tokio::spawn(accounts.execute(&account, Increase { by }).command_id(id).into_future())
        };
        let (one, two) = tokio::join!(execute(1), execute(2));
        let (one, two) = (one.unwrap().unwrap(), two.unwrap().unwrap());
        assert_eq!((one.events, one.version), (two.events, two.version));
    }
    assert_eq!(store.head().await.unwrap(), Position::new(100));
}

/// What another program appends that executes the command `id` on alice's account.
fn executed(id: CommandId, event: NewEvent) -> Append {
    let metadata = Arc::new(Metadata { command_id: Some(id), ..Metadata::default() });
    to("alice", NewEvent { id: EventId::of_command(id, &stream("alice"), 0, 0), metadata, ..event })
}

#[tokio::test]
async fn a_command_that_another_program_executes_meanwhile_is_answered_with_what_it_did() {
    let decreased = |by: u64| event("decreased", &format!("{{\"by\":{by}}}"));
    for expected in [None, Some(1), Some(2)] {
        let store = FaultyStore::new();
        let accounts = Repository::<Account, _>::new(&store);
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        store.append(to("alice", increased(59))).await.unwrap();
        let id = CommandId::new();
        // After the look for the command, before the one whether the cached balance of 1 is the balance.
        store.will_read([Fault::None, Fault::Overtake(executed(id, decreased(60)))]);
        let mut command = accounts.execute("alice", Decrease { by: 60 }).command_id(id);
        if let Some(version) = expected {
            command = command.expected_version(version);
        }
        let outcome = command.await.unwrap();
        assert_eq!((outcome.repeated, outcome.version, outcome.state.balance), (true, 3, 0), "{expected:?}");
    }
}

#[tokio::test]
async fn a_command_that_another_program_decided_otherwise_is_unknown_where_its_answer_cannot_be_read() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    // Found with one event there, where it has two here.
    let id = CommandId::new();
    store.will_append([Fault::Overtake(executed(id, increased(5)))]);
    store.will_read([Fault::None, Fault::Fail]);
    let error = accounts.execute("alice", IncreaseTwice { by: 1 }).command_id(id).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Unknown { .. }), "{error:?}");

    let id = CommandId::new();
    store.will_append([Fault::Overtake(executed(id, increased(5)))]);
    store.will_read([Fault::None, Fault::Busy, Fault::None, Fault::Busy]);
    store.calls();
    let outcome = accounts.execute("alice", IncreaseTwice { by: 1 }).command_id(id).await.unwrap();
    assert_eq!((outcome.repeated, outcome.version, outcome.state.balance), (true, 3, 11));
    // It is not decided anew for that.
    assert_eq!(store.calls().iter().filter(|call| **call == "append").count(), 1);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_says_what_and_where() {
    let store = MemoryStore::new();
    for (id, event, message) in [
        (
            "a",
            event("renamed", "{}"),
            "cannot read event 1 of `account/a` at position 1: aggregate `account` has no event `renamed`; list it in \
             `events(..)` or `retired(..)`, or as an alias of the event that it became",
        ),
        (
            "b",
            NewEvent { version: 2, ..increased(1) },
            "cannot read event 1 of `account/b` at position 2: event `increased` has version 2 in the journal, but \
             this program knows only version 1",
        ),
        (
            "c",
            event("increased", "{"),
            "cannot read event 1 of `account/c` at position 3: event `increased` version 1 is not what it should be: \
             its json does not read: EOF while parsing an object at line 1 column 1",
        ),
        (
            "d",
            NewEvent { format: "xml".into(), ..increased(1) },
            if cfg!(feature = "postcard") {
                "cannot read event 1 of `account/d` at position 4: event `increased` version 1 is not what it should \
                 be: its format is `xml`, but this program reads only `json` and `postcard`"
            } else {
                "cannot read event 1 of `account/d` at position 4: event `increased` version 1 is not what it should \
                 be: its format is `xml`, but this program reads only `json`"
            },
        ),
    ] {
        store.append(to(id, event)).await.unwrap();
        let accounts = Repository::<Account, _>::new(&store);
        assert_eq!(accounts.load(id).await.unwrap_err().to_string(), message);
        assert_eq!(accounts.history(id).await.unwrap_err().to_string(), message);
        let error = accounts.execute(id, Increase { by: 1 }).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(matches!(error, ExecuteError::Decode(_)));
        assert_eq!(store.version(&stream(id)).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_failing_journal_is_an_error_and_leaves_the_cache_right() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    store.will_append([Fault::Fail]);
    let error = accounts.execute("alice", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Journal(JournalError::Failed { .. })), "{error:?}");
    store.will_read([Fault::Fail]);
    assert!(matches!(accounts.load("alice").await, Err(LoadError::Journal(_))));
    assert_eq!(accounts.execute("alice", Increase { by: 1 }).await.unwrap().state.balance, 1);
}

#[tokio::test]
async fn ids_that_cannot_be_are_refused() {
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    let long = "x".repeat(256);
    for id in ["", "a\0b", &long] {
        assert!(matches!(accounts.execute(id, Look).await, Err(ExecuteError::Id(_))));
        assert!(matches!(accounts.load(id).await, Err(LoadError::Id(_))));
    }
    let error = accounts.history("").await.unwrap_err();
    assert!(matches!(error, LoadError::Id(StreamIdError::Empty { .. })), "{error}");
}

#[tokio::test]
async fn a_command_on_a_hot_aggregate_asks_the_journal_once() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    store.calls();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.calls(), ["append"]);
    accounts.execute("alice", Decrease { by: 9 }).await.unwrap_err();
    assert_eq!(store.calls(), ["version"]);
    accounts.load("alice").await.unwrap();
    assert_eq!(store.calls(), ["read_stream"]);
    store.append(to("alice", increased(1))).await.unwrap();
    store.calls();
    assert_eq!(accounts.load("alice").await.unwrap().version, 3);
    assert_eq!(store.calls(), ["read_stream"]);
    assert_eq!(accounts.load("alice").at_version(3).await.unwrap().version, 3);
    assert_eq!(store.calls(), ["read_stream"]);
    let id = CommandId::new();
    accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap();
    assert_eq!(store.calls(), ["find_command", "append"]);
    accounts.execute("alice", Increase { by: 1 }).command_id(id).await.unwrap();
    assert_eq!(store.calls(), ["find_command", "read_stream"]);
}

#[tokio::test]
async fn a_state_is_copied_only_while_someone_else_holds_it() {
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    let before = COPIES.get();
    for _ in 0..5 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    assert_eq!(COPIES.get(), before);
    let held = accounts.load("alice").await.unwrap();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    assert_eq!(COPIES.get(), before + 1);
    assert_eq!(held.state.balance, 6);
}

/// Waits until the background work of this runtime is done.
async fn let_snapshots_settle(store: &MemoryStore, version: u64) {
    let format = snapshot_format();
    while store.load_snapshot(&stream("alice"), u64::MAX, &format).await.unwrap().is_none_or(|it| it.version < version)
    {
        tokio::task::yield_now().await;
    }
}

/// The format of the account's snapshots.
fn snapshot_format() -> String {
    format!("json:{:016x}", Account::state_shape())
}

/// An account, by its name and its shape, that counts otherwise.
#[derive(Aggregate, serde::Serialize, serde::Deserialize, Debug, Default, Clone)]
#[aggregate(
    name = "account",
    commands(Look),
    events(Increased, common::Decreased(ignored)),
    error = std::convert::Infallible,
    snapshot(every = 10, keep = 2)
)]
struct Generous {
    #[apply(Increased => self.balance + event.by * 100)]
    balance: u64,
    #[apply(Increased => self.changes + 1)]
    changes: u64,
}

impl Handle<Look> for Generous {
    fn handle(&self, _: Look, _: &Context) -> Decision<Self> {
        accept(())
    }
}

#[tokio::test]
async fn a_start_reads_the_snapshot_and_only_the_events_after_it() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    for _ in 0..12 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    let_snapshots_settle(&store, 10).await;
    let format = snapshot_format();
    let snapshot = store.load_snapshot(&stream("alice"), u64::MAX, &format).await.unwrap().unwrap();
    // A snapshot of those who count otherwise shows that it is what was read.
    store.delete_snapshots(&stream("alice"), 0..=u64::MAX).await.unwrap();
    Repository::<Generous, _>::new(&store).snapshot("alice").await.unwrap();
    let started = Repository::<Account, _>::new(&store);
    assert_eq!(started.load("alice").await.unwrap().state.balance, 1200);
    assert_eq!(started.load("alice").at_version(9).await.unwrap().state.balance, 9);

    for useless in [
        Snapshot { payload: b"{".into(), ..snapshot.clone() },
        Snapshot { event_id: EventId::new(), ..snapshot.clone() },
        Snapshot { version: 13, ..snapshot.clone() },
        Snapshot { format: "json:another shape".into(), ..snapshot.clone() },
    ] {
        store.delete_snapshots(&stream("alice"), 0..=u64::MAX).await.unwrap();
        let shown = format!("{useless:?}");
        store.save_snapshot(useless).await.unwrap();
        let started = Repository::<Account, _>::new(&store);
        assert_eq!(started.load("alice").await.unwrap().state.balance, 12, "{shown}");
    }
}

#[tokio::test]
async fn the_newest_snapshots_are_kept() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    for version in 1..=50_u64 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        if version.is_multiple_of(10) {
            let_snapshots_settle(&store, version).await;
        }
    }
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    accounts.snapshot("alice").await.unwrap();
    let format = snapshot_format();
    let mut versions = Vec::new();
    let mut up_to = u64::MAX;
    while let Some(snapshot) = store.load_snapshot(&stream("alice"), up_to, &format).await.unwrap() {
        versions.push(snapshot.version);
        up_to = snapshot.version - 1;
    }
    assert_eq!(versions, [51, 50]);
}

#[tokio::test]
async fn a_snapshot_store_that_fails_costs_a_replay() {
    let store = FaultyStore::new();
    Repository::<Account, _>::new(&store).execute("alice", Increase { by: 1 }).await.unwrap();
    store.will_read([Fault::Fail]);
    let started = Repository::<Account, _>::new(&store);
    assert_eq!(started.load("alice").await.unwrap().state.balance, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_programs_on_one_aggregate_lose_no_command() {
    let store = MemoryStore::new();
    let retry = Retry { attempts: 10_000, ..Retry::default() };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let accounts = Repository::<Account, _>::builder(&store).retry(retry).build();
        tasks.spawn(async move {
            for _ in 0..100 {
                accounts.execute("alice", Increase { by: 1 }).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let loaded = Repository::<Account, _>::new(&store).load("alice").await.unwrap();
    assert_eq!((loaded.state.balance, loaded.state.changes, loaded.version), (1600, 1600, 1600));
}

#[tokio::test]
async fn commands_of_one_program_take_turns_and_lose_no_race() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::builder(&store).retry(Retry::NEVER).build();
    let commands = (0..100).map(|_| tokio::spawn(accounts.execute("alice", Increase { by: 1 }).into_future()));
    for command in commands.collect::<Vec<_>>() {
        command.await.unwrap().unwrap();
    }
    assert_eq!(accounts.load("alice").await.unwrap().version, 100);
}

#[tokio::test]
async fn a_dropped_command_is_there_as_a_whole_or_not_at_all() {
    let mut written = 0_u64;
    for polls in 0..64 {
        let store = FaultyStore::new();
        let accounts = Repository::<Account, _>::new(&store);
        let mut command = Box::pin(accounts.execute("alice", IncreaseTwice { by: 1 }).into_future());
        let mut left = polls;
        std::future::poll_fn(|context| {
            left -= i32::from(left > 0);
            if left == 0 || command.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        drop(command);
        let version = store.version(&stream("alice")).await.unwrap();
        assert!([0, 2].contains(&version), "half a command after {polls} polls");
        written += u64::from(version == 2);
        // Whatever was dropped where, the next command works.
        let outcome = accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!((outcome.version, outcome.state.balance), (version + 1, version + 1));
    }
    println!("dropped 64 commands, {written} of them after they were written");
    assert!((1..64).contains(&written));
}

#[tokio::test]
async fn a_panic_in_the_domain_leaves_the_repository_usable() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: u64::MAX }).await.unwrap();
    // Applying this overflows, in a build with overflow checks.
    let task = tokio::spawn(accounts.execute("alice", Increase { by: 1 }).into_future());
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(accounts.load("alice").at_version(1).await.unwrap().state.balance, u64::MAX);
    assert_eq!(accounts.execute("bob", Increase { by: 1 }).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_journal_that_was_put_back_is_read_anew() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    for _ in 0..3 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    let backup = MemoryStore::new();
    backup.append(to("alice", increased(5))).await.unwrap();
    store.put_back(backup);
    let outcome = accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance), (2, 6));
}

/// Accounts of which Alice's has had `lost` events of 1, all in the cache; the journal has `left` events of 5 now.
async fn put_back(store: &FaultyStore, lost: u64, left: u64) -> Repository<Account, FaultyStore> {
    let accounts = Repository::<Account, _>::new(store);
    store.put_back(MemoryStore::new());
    for _ in 0..lost {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    let backup = MemoryStore::new();
    for _ in 0..left {
        backup.append(to("alice", increased(5))).await.unwrap();
    }
    store.put_back(backup);
    accounts
}

#[tokio::test]
async fn a_load_from_a_journal_that_was_put_back_gives_what_is_in_it() {
    let store = FaultyStore::new();
    let lost_and_left = [(3, 1), (3, 0), (1, 1), (1, 0), (3, 4), (1, 5)];
    for ((lost, left), is_first) in lost_and_left.into_iter().flat_map(|each| [(each, true), (each, false)]) {
        let accounts = put_back(&store, lost, left).await;
        if is_first {
            let then = accounts.load("alice").at_version(lost).await;
            assert_eq!(then.ok().map(|then| then.state.balance), (lost <= left).then_some(5 * lost));
        }
        let now = accounts.load("alice").await.unwrap();
        assert_eq!((now.version, now.state.balance), (left, left * 5), "{lost} events, then {left}");
        assert_eq!(accounts.execute("alice", Increase { by: 1 }).await.unwrap().state.balance, left * 5 + 1);
    }
}

#[tokio::test]
async fn a_command_on_a_journal_that_was_put_back_and_has_grown_since_is_decided_on_what_is_in_it() {
    let store = FaultyStore::new();
    for (lost, left) in [(3, 4), (1, 5)] {
        let accounts = put_back(&store, lost, left).await;
        let outcome = accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!((outcome.version, outcome.state.balance), (left + 1, left * 5 + 1));
        // One that the state at hand would reject.
        let accounts = put_back(&store, lost, left).await;
        let outcome = accounts.execute("alice", Decrease { by: left * 5 }).await.unwrap();
        assert_eq!((outcome.version, outcome.state.balance), (left + 1, 0));
        let accounts = put_back(&store, lost, left).await;
        let outcome = accounts.execute("alice", Increase { by: 1 }).expected_version(left).await.unwrap();
        assert_eq!((outcome.version, outcome.state.balance), (left + 1, left * 5 + 1));
    }
}

#[test]
fn works_without_a_runtime() {
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    for version in 1..=20 {
        let mut command = accounts.execute("alice", Increase { by: 1 }).into_future();
        match command.as_mut().poll(&mut context) {
            std::task::Poll::Ready(outcome) => assert_eq!(outcome.unwrap().version, version),
            std::task::Poll::Pending => panic!("the store in memory makes no one wait"),
        }
    }
}

mod what_does_not_read_back {
    use super::*;

    #[derive(Command, Debug, Clone)]
    pub struct Measure(pub f64);

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Measured {
        pub value: f64,
        /// Not written.
        #[serde(skip)]
        pub note: String,
    }

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(commands(Measure), events(Measured), error = std::convert::Infallible)]
    pub struct Gauge {
        #[apply(Measured => event.value)]
        pub value: f64,
        #[apply(Measured => event.note.clone())]
        pub note: String,
    }

    impl Handle<Measure> for Gauge {
        fn handle(&self, command: Measure, _: &Context) -> Decision<Self> {
            accept(Measured { value: command.0, note: "of today".into() })
        }
    }

    #[tokio::test]
    async fn is_refused_before_it_is_written() {
        let store = MemoryStore::new();
        let gauges = Repository::<Gauge, _>::new(&store);
        // JSON writes it as null.
        let error = gauges.execute("g", Measure(f64::NAN)).await.unwrap_err();
        assert!(matches!(&error, ExecuteError::Encode { .. }), "{error}");
        assert!(error.to_string().starts_with("cannot encode an event for `gauge/g`: "), "{error}");
        let mut unit = UnitOfWork::new(&store);
        assert!(matches!(unit.execute(&gauges, "g", Measure(f64::INFINITY)).await, Err(ExecuteError::Encode { .. })));
        assert_eq!(store.head().await.unwrap(), Position::START);
    }

    #[tokio::test]
    async fn is_not_in_the_state_either() {
        let store = MemoryStore::new();
        let gauges = Repository::<Gauge, _>::new(&store);
        let outcome = gauges.execute("g", Measure(0.1 + 0.2)).await.unwrap();
        let replayed = Repository::<Gauge, _>::new(&store).load("g").await.unwrap();
        assert_eq!((outcome.state.value, outcome.state.note.as_str()), (0.1 + 0.2, ""));
        assert_eq!((replayed.state.value, replayed.state.note.as_str()), (0.1 + 0.2, ""));
    }
}
