//! What a unit of work promises.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::task::Poll;

use common::faulty::{Fault, FaultyStore};
use common::{Account, Decrease, Increase, IncreaseTwice, Look};
use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, NewEvent};

async fn balance(accounts: &Repository<Account, impl Journal + es_core::SnapshotStore>, id: &str) -> (u64, u64) {
    let loaded = accounts.load(id).await.unwrap();
    (loaded.state.balance, loaded.version)
}

#[tokio::test]
async fn commands_see_what_the_ones_before_them_did_and_nothing_is_written_before_the_commit() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let mut unit = UnitOfWork::new(&store).actor("teller-7");
    unit.execute(&accounts, "alice", Increase { by: 10 }).await.unwrap();
    let decided = unit.execute(&accounts, "alice", Decrease { by: 4 }).await.unwrap();
    assert_eq!((decided.state.balance, decided.version, decided.events.len()), (6, 2, 1));
    unit.execute(&accounts, "bob", IncreaseTwice { by: 2 }).await.unwrap();
    assert_eq!(unit.read(&accounts, "bob").await.unwrap().state.balance, 4);
    unit.execute(&accounts, "carol", Look).await.unwrap();
    assert_eq!(store.head().await.unwrap(), Position::START);

    let committed = unit.commit().await.unwrap();
    assert_eq!((committed.events, committed.position, committed.repeated), (4, Position::new(4), false));
    // From the cache that the unit filled, and from the journal.
    for accounts in [accounts, Repository::new(&store)] {
        assert_eq!(balance(&accounts, "alice").await, (6, 2));
        assert_eq!(balance(&accounts, "bob").await, (4, 2));
        assert_eq!(balance(&accounts, "carol").await, (0, 0));
        for recorded in accounts.history("bob").await.unwrap() {
            assert_eq!(recorded.metadata.actor.as_deref(), Some("teller-7"));
        }
    }
}

#[tokio::test]
async fn a_unit_that_is_dropped_or_rejected_did_nothing() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "alice", Increase { by: 10 }).await.unwrap();
    let rejected = unit.execute(&accounts, "alice", Decrease { by: 11 }).await;
    assert!(matches!(rejected, Err(ExecuteError::Rejected(_))));
    // The unit is as it was before the rejected command.
    assert_eq!(unit.read(&accounts, "alice").await.unwrap().state.balance, 10);
    drop(unit);
    assert_eq!(balance(&accounts, "alice").await, (0, 0));
}

#[tokio::test]
async fn a_change_of_any_aggregate_of_the_unit_is_a_conflict_that_writes_nothing() {
    for changed in ["alice", "bob", "carol"] {
        let store = MemoryStore::new();
        let accounts = Repository::<Account, _>::new(&store);
        let mut unit = UnitOfWork::new(&store);
        unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
        unit.read(&accounts, "bob").await.unwrap();
        unit.execute(&accounts, "carol", Look).await.unwrap();
        accounts.execute(changed, Increase { by: 5 }).await.unwrap();
        let error = unit.commit().await.unwrap_err();
        assert!(matches!(&error, CommitError::Conflict { stream, .. } if stream.id() == changed), "{error}");
        let name = format!(
            "`account/{changed}` changed while the unit of work was under way: it has version 1, not no events"
        );
        assert_eq!(error.to_string(), name);
        assert_eq!(store.head().await.unwrap(), Position::new(1));
        assert_eq!(balance(&accounts, changed).await, (5, 1));
    }
}

#[tokio::test]
async fn an_aggregate_that_rejected_a_command_of_the_unit_is_checked_too() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "alice", Decrease { by: 1 }).await.unwrap_err();
    // Bob pays, since alice could not.
    unit.execute(&accounts, "bob", Increase { by: 1 }).await.unwrap();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    let error = unit.commit().await.unwrap_err();
    assert!(matches!(&error, CommitError::Conflict { stream, .. } if stream.id() == "alice"), "{error}");
}

#[tokio::test]
async fn an_aggregate_outside_of_the_unit_may_change() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
    accounts.execute("bob", Increase { by: 1 }).await.unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn run_does_a_lost_race_again() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 1_600 }).await.unwrap();
    // The future of an async closure that borrows its argument is not known to be Send.
    let local = tokio::task::LocalSet::new();
    for _ in 0..16 {
        let (store, accounts) = (store.clone(), Repository::<Account, _>::new(&store));
        local.spawn_local(async move {
            let retry = Retry { attempts: 10_000, ..Retry::default() };
            for _ in 0..10 {
                let run = UnitOfWork::new(&store).retry(retry).run(async |unit| {
                    unit.execute(&accounts, "alice", Decrease { by: 10 }).await?;
                    tokio::task::yield_now().await;
                    let bob = unit.execute(&accounts, "bob", Increase { by: 10 }).await?;
                    Ok::<_, ExecuteError<_>>(bob.state.balance)
                });
                let (balance, committed) = run.await.unwrap();
                assert!(balance >= 10 && committed.events == 2);
            }
        });
    }
    local.await;
    assert_eq!(balance(&accounts, "alice").await, (0, 161));
    assert_eq!(balance(&accounts, "bob").await, (1_600, 160));
}

#[tokio::test]
async fn a_unit_on_a_journal_that_was_put_back_is_done_on_what_is_in_it() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    for _ in 0..3 {
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    }
    let backup = MemoryStore::new();
    Repository::<Account, _>::new(&backup).execute("alice", Increase { by: 5 }).await.unwrap();
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
    store.put_back(backup);
    let error = unit.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Conflict { actual: 1, .. }), "{error}");
    let mut unit = UnitOfWork::new(&store);
    assert_eq!(unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap().state.balance, 6);
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn run_gives_the_error_of_the_work_and_writes_nothing() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let run = UnitOfWork::new(&store).run(async |unit| {
        unit.execute(&accounts, "bob", Increase { by: 1 }).await?;
        unit.execute(&accounts, "alice", Decrease { by: 1 }).await
    });
    let error = run.await.unwrap_err();
    assert!(matches!(error, UnitError::Work(ExecuteError::Rejected(_))), "{error}");
    assert_eq!(store.head().await.unwrap(), Position::START);
}

async fn transfer(
    store: &FaultyStore,
    accounts: &Repository<Account, FaultyStore>,
    id: CommandId,
) -> Result<Committed, CommitError> {
    transfer_with(Patience::default(), store, accounts, id).await
}

async fn transfer_with(
    patience: Patience,
    store: &FaultyStore,
    accounts: &Repository<Account, FaultyStore>,
    id: CommandId,
) -> Result<Committed, CommitError> {
    let mut unit = UnitOfWork::new(store).patience(patience).command_id(id);
    let alice = unit.execute(accounts, "alice", Decrease { by: 60 }).await.unwrap();
    assert_eq!((alice.state.balance, alice.version, alice.events.len()), (40, 2, 1));
    let nothing = unit.execute(accounts, "alice", Look).await.unwrap();
    assert_eq!(nothing.events.len(), 0);
    unit.execute(accounts, "carol", Look).await.unwrap();
    let bob = unit.execute(accounts, "bob", IncreaseTwice { by: 30 }).await.unwrap();
    assert_eq!((bob.state.balance, bob.version, bob.events.len()), (60, 2, 2));
    unit.commit().await
}

#[tokio::test]
async fn a_repeated_unit_is_answered_with_what_it_did_the_first_time() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 100 }).await.unwrap();
    let id = CommandId::new();
    let first = transfer(&store, &accounts, id).await.unwrap();
    assert_eq!((first.events, first.repeated), (3, false));
    for accounts in [accounts, Repository::new(&store)] {
        let again = transfer(&store, &accounts, id).await.unwrap();
        assert_eq!((again.events, again.position, again.repeated), (3, first.position, true));
        assert_eq!(balance(&accounts, "alice").await, (40, 2));
        assert_eq!(balance(&accounts, "bob").await, (60, 2));
    }
}

#[tokio::test]
async fn a_repeated_unit_says_so_and_may_leave_out_the_rest() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let id = CommandId::new();
    let work = async |unit: &mut UnitOfWork<MemoryStore>| {
        for account in ["alice", "bob", "carol"] {
            if unit.execute(&accounts, account, Decrease { by: 1 }).await.is_err() {
                unit.execute(&accounts, account, Increase { by: 1 }).await?;
            }
            if unit.is_repeated() {
                return Ok(true);
            }
        }
        Ok::<_, ExecuteError<_>>(false)
    };
    let (repeated, committed) = UnitOfWork::new(&store).command_id(id).run(work).await.unwrap();
    assert_eq!((repeated, committed.repeated, committed.events), (false, false, 3));
    let (repeated, committed) = UnitOfWork::new(&store).command_id(id).run(work).await.unwrap();
    // The answer is that of the one command that was asked, which was rejected the first time.
    assert_eq!((repeated, committed.repeated, committed.events), (true, true, 0));
    assert_eq!(committed.position, Position::START);
    assert_eq!(store.head().await.unwrap(), Position::new(3));
}

#[tokio::test]
async fn a_unit_that_another_program_commits_meanwhile_leaves_the_cache_right() {
    // With an event of someone else's before it, and decided otherwise.
    for (before, there) in [(1, 30), (0, 30), (0, 40)] {
        let store = MemoryStore::new();
        let (one, two) = (Repository::<Account, _>::new(&store), Repository::<Account, _>::new(&store));
        one.execute("alice", Increase { by: 100 }).await.unwrap();
        let id = CommandId::new();
        let unit = async |accounts: &Repository<Account, _>, by| {
            let mut unit = UnitOfWork::new(&store).command_id(id);
            unit.execute(accounts, "alice", Decrease { by }).await.unwrap();
            unit
        };
        let here = unit(&one, 30).await;
        for _ in 0..before {
            two.execute("alice", Increase { by: 1 }).await.unwrap();
        }
        let first = unit(&two, there).await.commit().await.unwrap();
        let committed = here.commit().await.unwrap();
        assert_eq!((committed.events, committed.position, committed.repeated), (1, first.position, true));
        for accounts in [one, two] {
            assert_eq!(balance(&accounts, "alice").await, (100 + before - there, 2 + before));
        }
    }
}

/// What another program appends that commits a unit under the same command id, whose first step gives this event.
fn committed(id: CommandId, name: &'static str, by: u64) -> Append {
    let stream = StreamId::new("account", "alice").unwrap();
    let event = NewEvent {
        id: EventId::of_command(id, &stream, 0, 0),
        name: name.into(),
        version: 1,
        format: "json".into(),
        payload: format!("{{\"by\":{by}}}").into(),
        metadata: Arc::new(Metadata { command_id: Some(id), ..Metadata::default() }),
    };
    Append::to_stream(stream, ExpectedVersion::Any, vec![event])
}

#[tokio::test]
async fn a_unit_that_another_program_commits_meanwhile_is_not_rejected_for_what_it_did() {
    for reads in 0..2 {
        let store = FaultyStore::new();
        let accounts = Repository::<Account, _>::new(&store);
        accounts.execute("alice", Increase { by: 60 }).await.unwrap();
        let id = CommandId::new();
        store.will_read((0..reads).map(|_| Fault::None).chain([Fault::Overtake(committed(id, "decreased", 60))]));
        let mut unit = UnitOfWork::new(&store).command_id(id);
        let decided = unit.execute(&accounts, "alice", Decrease { by: 60 }).await.unwrap();
        assert_eq!((decided.events.len(), decided.state.balance, decided.version), (1, 0, 2), "after {reads} reads");
        let committed = unit.commit().await.unwrap();
        assert_eq!((committed.events, committed.position, committed.repeated), (1, Position::new(2), true));
    }
}

#[tokio::test]
async fn a_unit_that_another_program_decides_otherwise_meanwhile_is_a_lost_race() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let id = CommandId::new();
    let work = async |unit: &mut UnitOfWork<FaultyStore>| {
        // Two events here, one there.
        unit.execute(&accounts, "alice", IncreaseTwice { by: 30 }).await
    };
    store.will_append([Fault::Overtake(committed(id, "increased", 20))]);
    let (decided, committed_as) = UnitOfWork::new(&store).command_id(id).run(work).await.unwrap();
    assert_eq!((decided.events.len(), decided.state.balance, decided.version), (1, 20, 1));
    assert_eq!((committed_as.events, committed_as.position, committed_as.repeated), (1, Position::new(1), true));

    // Where that cannot be looked at, it is not known what was done.
    for (fault, is_conflict) in [(Fault::Busy, true), (Fault::Fail, false)] {
        let id = CommandId::new();
        let mut unit = UnitOfWork::new(&store).command_id(id);
        work(&mut unit).await.unwrap();
        store.will_append([Fault::Overtake(committed(id, "increased", 20))]);
        store.will_read([fault]);
        let error = unit.commit().await.unwrap_err();
        assert_eq!(matches!(error, CommitError::Conflict { .. }), is_conflict, "{error:?}");
        assert_eq!(matches!(error, CommitError::Unknown { .. }), !is_conflict, "{error:?}");
    }
}

#[tokio::test]
async fn a_unit_of_which_another_program_commits_more_meanwhile_is_a_lost_race() {
    // One event here, two there: of the same command, or of another aggregate's.
    for there in ["alice", "bob"] {
        let store = MemoryStore::new();
        let (one, two) = (Repository::<Account, _>::new(&store), Repository::<Account, _>::new(&store));
        let id = CommandId::new();
        let work = async |unit: &mut UnitOfWork<MemoryStore>, accounts: &Repository<Account, _>, by| {
            match (there, by) {
                ("alice", 2) => unit.execute(accounts, "alice", IncreaseTwice { by: 1 }).await?,
                _ => unit.execute(accounts, "alice", Increase { by: 1 }).await?,
            };
            match (there, by) {
                ("bob", 2) => unit.execute(accounts, "bob", Increase { by: 1 }).await,
                _ => unit.execute(accounts, "bob", Look).await,
            }
        };
        let mut here = UnitOfWork::new(&store).command_id(id);
        work(&mut here, &one, 1).await.unwrap();
        let mut first = UnitOfWork::new(&store).command_id(id);
        work(&mut first, &two, 2).await.unwrap();
        let first = first.commit().await.unwrap();
        assert_eq!((first.events, first.repeated), (2, false));
        let error = here.commit().await.unwrap_err();
        assert!(matches!(&error, CommitError::Conflict { stream, .. } if stream.id() == there), "{error:?}");
        // Done again, it is answered with what was done there.
        let mut again = UnitOfWork::new(&store).command_id(id);
        work(&mut again, &one, 1).await.unwrap();
        let again = again.commit().await.unwrap();
        assert_eq!((again.events, again.position, again.repeated), (2, first.position, true));
        assert_eq!(balance(&one, there).await, balance(&two, there).await);
    }
}

#[tokio::test]
async fn a_step_that_failed_is_no_step_so_that_the_unit_can_be_repeated() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let id = CommandId::new();
    let begin = || UnitOfWork::new(&store).patience(Patience::NONE).command_id(id);
    let mut unit = begin();
    // A snapshot that cannot be read is no failure.
    store.will_read([Fault::None, Fault::Busy]);
    let error = unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Journal(_)), "{error:?}");
    // Given up on its way.
    let mut command = Box::pin(unit.execute(&accounts, "alice", Increase { by: 1 }).into_future());
    assert!(std::future::poll_fn(|context| Poll::Ready(command.as_mut().poll(context))).await.is_pending());
    drop(command);
    unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
    let first = unit.commit().await.unwrap();

    let mut unit = begin();
    let decided = unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
    assert_eq!((decided.events.len(), decided.state.balance, decided.version), (1, 1, 1));
    let committed = unit.commit().await.unwrap();
    assert_eq!((committed.events, committed.position, committed.repeated), (1, first.position, true));
}

#[tokio::test]
async fn a_unit_whose_answer_got_lost_is_found_out_or_can_be_asked_for_again() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 100 }).await.unwrap();
    let id = CommandId::new();
    store.will_append([Fault::LoseAnswer]);
    let error = transfer_with(Patience::NONE, &store, &accounts, id).await.unwrap_err();
    assert!(matches!(error, CommitError::Unknown { .. }), "{error}");
    let committed = transfer(&store, &accounts, id).await.unwrap();
    assert_eq!((committed.events, committed.repeated), (3, true));

    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "bob", Decrease { by: 60 }).await.unwrap();
    store.will_append([Fault::LoseAnswer]);
    unit.commit().await.unwrap();
    assert_eq!(balance(&accounts, "bob").await, (0, 3));
    assert_eq!(accounts.execute("bob", Increase { by: 1 }).await.unwrap().version, 4);
}

#[tokio::test]
async fn a_unit_tries_again_while_the_store_cannot_be_used() {
    let store = FaultyStore::new();
    let accounts = Repository::<Account, _>::builder(&store).cache(0).build();
    accounts.execute("alice", Increase { by: 100 }).await.unwrap();
    let id = CommandId::new();
    let busy = || (0..3).map(|_| Fault::Busy);
    store.will_read(busy());
    store.will_append([Fault::LoseAnswer].into_iter().chain(busy()));
    let committed = transfer(&store, &accounts, id).await.unwrap();
    assert_eq!((committed.events, committed.repeated), (3, true));
    // Asked for again, it reads what it did: one read after the other fails.
    for before in 0..12 {
        let accounts = Repository::<Account, _>::builder(&store).cache(0).build();
        store.will_read((0..before).map(|_| Fault::None).chain(busy()));
        let committed = transfer(&store, &accounts, id).await.unwrap();
        assert_eq!((committed.events, committed.repeated), (3, true), "{before}");
        store.reads.lock().unwrap().clear();
    }
    store.will_append([Fault::Busy]);
    let mut unit = UnitOfWork::new(&store).patience(Patience::NONE);
    unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap();
    let error = unit.commit().await.unwrap_err();
    assert!(matches!(&error, CommitError::Journal(error) if error.is_transient()), "{error:?}");
}

#[tokio::test]
async fn a_unit_and_its_repositories_are_on_one_store() {
    let (one, two) = (MemoryStore::new(), MemoryStore::new());
    let accounts = Repository::<Account, _>::new(&one);
    let mut unit = UnitOfWork::new(&two);
    let error = unit.execute(&accounts, "alice", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(error, ExecuteError::OtherStore { .. }), "{error}");
    assert!(matches!(unit.read(&accounts, "alice").await, Err(LoadError::OtherStore { .. })));
}

#[tokio::test]
async fn an_empty_unit_commits_nothing() {
    let committed = UnitOfWork::new(&MemoryStore::new()).commit().await.unwrap();
    assert_eq!((committed.events, committed.position), (0, Position::START));
}

#[tokio::test]
async fn a_command_of_a_unit_may_say_who_asks_and_why() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let (id, cause) = (CommandId::new(), CommandId::new());
    let mut unit = UnitOfWork::new(&store).actor("import").command_id(id).metadata("file", "log.csv");
    unit.execute(&accounts, "alice", Increase { by: 10 }).await.unwrap();
    let second = unit.execute(&accounts, "alice", Decrease { by: 4 });
    second.actor("teller-7").metadata("line", "2").causation_id(cause).await.unwrap();
    unit.execute(&accounts, "bob", Increase { by: 1 }).metadata("file", "other.csv").await.unwrap();
    unit.commit().await.unwrap();

    let mut found = accounts.history("alice").await.unwrap();
    found.extend(accounts.history("bob").await.unwrap());
    let found: Vec<_> = found.iter().map(|recorded| &*recorded.metadata).collect();
    let extra = |metadata: &Metadata| metadata.extra.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let shown: Vec<(_, Vec<_>)> = found.iter().map(|found| (found.actor.as_deref(), extra(found))).collect();
    assert_eq!(shown[0], (Some("import"), vec!["file=log.csv".to_owned()]));
    assert_eq!(shown[1], (Some("teller-7"), vec!["file=log.csv".to_owned(), "line=2".to_owned()]));
    assert_eq!(shown[2], (Some("import"), vec!["file=other.csv".to_owned()]));
    assert_eq!(found[1].causation_id, Some(cause.into()));
    // The id is that of the unit, whatever its commands say.
    assert!(found.iter().all(|metadata| metadata.command_id == Some(id)));
}

mod what_was_retired_since {
    use es_core::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "counted")]
    pub struct Counted;

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "noted")]
    pub struct Noted;

    #[derive(Command, Debug, Clone)]
    pub struct Count;

    #[derive(Aggregate, Debug, Default, Clone, PartialEq)]
    #[aggregate(name = "counter", commands(Count), events(Counted, Noted(ignored)), error = std::convert::Infallible)]
    pub struct Before {
        #[apply(Counted => self.count + 1)]
        count: u64,
    }

    impl Handle<Count> for Before {
        fn handle(&self, _: Count, _: &Context) -> Decision<Self> {
            accept([BeforeEvent::from(Noted), Counted.into(), Noted.into()])
        }
    }

    #[derive(Aggregate, Debug, Default, Clone, PartialEq)]
    #[aggregate(
        name = "counter",
        commands(Count),
        events(Counted),
        retired(Noted),
        error = std::convert::Infallible
    )]
    pub struct Now {
        #[apply(Counted => self.count + 1)]
        count: u64,
    }

    impl Handle<Count> for Now {
        fn handle(&self, _: Count, _: &Context) -> Decision<Self> {
            accept(Counted)
        }
    }

    impl Retire<Noted> for Now {
        fn retire(_: Noted) -> Events<Self> {
            Events::none()
        }
    }

    #[tokio::test]
    async fn is_still_what_the_unit_did() {
        let store = MemoryStore::new();
        let begin = |id| UnitOfWork::new(&store).command_id(id);
        let (before, id) = (Repository::<Before, _>::new(&store), CommandId::new());
        let mut unit = begin(id);
        unit.execute(&before, "a", Count).await.unwrap();
        unit.execute(&before, "a", Count).await.unwrap();
        let first = unit.commit().await.unwrap();

        let now = Repository::<Now, _>::new(&store);
        let mut unit = begin(id);
        for step in 1..=2 {
            let decided = unit.execute(&now, "a", Count).await.unwrap();
            assert_eq!(decided.events, [NowEvent::from(Counted)]);
            assert_eq!((decided.state.count, decided.version), (step, step * 3));
        }
        let again = unit.commit().await.unwrap();
        assert_eq!((again.events, again.position, again.repeated), (first.events, first.position, true));
    }
}
