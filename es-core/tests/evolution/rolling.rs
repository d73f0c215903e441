//! Two releases of one program on one journal: what the older one does not know is an error that says so, wherever it
//! reads, and the newer one goes on where the older one stopped.

use es_core::prelude::*;
use es_core::testing::check_decodes;
use es_core::{BatchSize, ExecuteError, LoadError, ProjectorError, Retry, UnitOfWork};

use crate::{Store, open};

/// One release: the account, a view of it, one that takes batches, and one of what did not change.
macro_rules! release {
    ($module:ident, $(#[$increased:meta])* { $($field:tt)* } { $($note:tt)* }, $(#[$exchanged:meta])* { $($rate:tt)* }) => {
        pub mod $module {
            use std::collections::BTreeMap;

            use es_core::prelude::*;
            use serde::{Deserialize, Serialize};

            #[derive(Command, Debug, Clone)]
            pub struct Increase {
                pub by: u64,
            }

            #[derive(Command, Debug, Clone)]
            pub struct Rename;

            #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
            $(#[$increased])*
            pub struct Increased {
                pub by: u64,
                $($field)*
            }

            #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
            #[event(name = "renamed")]
            pub struct Renamed;

            #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
            $(#[$exchanged])*
            pub struct Exchanged {
                pub by: u64,
                $($rate)*
            }

            #[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
            #[aggregate(
                name = "account",
                commands(Increase, Rename),
                events(Increased, Renamed(ignored)),
                retired(Exchanged),
                error = std::convert::Infallible,
                snapshot(every = 100)
            )]
            pub struct Account {
                #[apply(Increased => self.balance + event.by)]
                pub balance: u64,
            }

            impl Handle<Increase> for Account {
                fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
                    accept(Increased { by: command.by, $($note)* })
                }
            }

            impl Handle<Rename> for Account {
                fn handle(&self, _: Rename, _: &Context) -> Decision<Self> {
                    accept(Renamed)
                }
            }

            impl Retire<Exchanged> for Account {
                fn retire(event: Exchanged) -> Events<Self> {
                    Events::from(Increased { by: event.by, $($note)* })
                }
            }

            /// What was paid in, by account.
            #[derive(Projection, Debug, Default)]
            #[projection(name = "paid_in", in_memory, events(Increased))]
            pub struct PaidIn(pub BTreeMap<String, u64>);

            impl Project<Increased> for PaidIn {
                async fn project(&mut self, recorded: &Recorded<Increased>, (): &mut ()) -> Projected {
                    *self.0.entry(recorded.stream.id().to_owned()).or_default() += recorded.event.by;
                    Ok(())
                }
            }

            #[derive(Projection, Debug, Default)]
            #[projection(name = "together", in_memory, batch, events(Increased))]
            pub struct Together(pub u64);

            impl ProjectBatch for Together {
                async fn project_batch(&mut self, events: &[Recorded<Self::Event>], (): &mut ()) -> Projected {
                    for TogetherEvent::Increased(event) in events.iter().map(|recorded| &recorded.event) {
                        self.0 += event.by;
                    }
                    Ok(())
                }
            }

            #[derive(Projection, Debug, Default)]
            #[projection(name = "renames", in_memory, events(Renamed))]
            pub struct Renames(pub u64);

            impl Project<Renamed> for Renames {
                async fn project(&mut self, _: &Recorded<Renamed>, (): &mut ()) -> Projected {
                    self.0 += 1;
                    Ok(())
                }
            }
        }
    };
}

release!(old, #[event(name = "increased")] {} {}, #[event(name = "exchanged")] {});
release!(
    new,
    #[event(name = "increased", version = 2)]
    { #[event(added(default = String::new(), since = 2))] pub note: String } { note: String::new() },
    #[event(name = "exchanged", version = 2)]
    { #[event(added(default = 1.0, since = 2))] pub rate: f64 }
);

const KNOWS_ONE: &str = "event `increased` has version 2 in the journal, but this program knows only version 1";

/// Alice has 1 by the old release and 2 by the new one, at position 2; bob has 4 by the old one.
async fn both_have_written(store: &Store) {
    let old = Repository::<old::Account, _>::new(store);
    let new = Repository::<new::Account, _>::new(store);
    old.execute("alice", old::Increase { by: 1 }).await.unwrap();
    new.execute("alice", new::Increase { by: 2 }).await.unwrap();
    old.execute("bob", old::Increase { by: 4 }).await.unwrap();
}

#[tokio::test]
async fn the_older_repository_says_what_it_does_not_know() {
    let (_place, store) = open().await;
    both_have_written(&store).await;
    let accounts = Repository::<old::Account, _>::new(&store);
    let message = format!("cannot read event 2 of `account/alice` at position 2: {KNOWS_ONE}");
    let is = |error: LoadError| {
        assert!(matches!(&error, LoadError::Decode(_)), "{error:?}");
        assert_eq!(error.to_string(), message);
    };
    is(accounts.load("alice").await.unwrap_err());
    is(accounts.load("alice").at_version(2).await.unwrap_err());
    is(accounts.load("alice").as_of(Timestamp::now()).await.unwrap_err());
    is(accounts.history("alice").await.unwrap_err());
    is(accounts.snapshot("alice").await.unwrap_err());
    let error = accounts.execute("alice", old::Increase { by: 8 }).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::Decode(_)) && error.to_string() == message, "{error}");
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "bob", old::Increase { by: 8 }).await.unwrap();
    let error = unit.execute(&accounts, "alice", old::Increase { by: 8 }).await.unwrap_err();
    assert_eq!(error.to_string(), message);
    drop(unit);
    let alice = StreamId::new("account", "alice").unwrap();
    assert_eq!(store.version(&alice).await.unwrap(), 2, "nothing was written");

    // What it knows it reads: the state before, the other account.
    assert_eq!(accounts.load("alice").at_version(1).await.unwrap().state.balance, 1);
    assert_eq!(accounts.history("alice").to_version(1).await.unwrap().len(), 1);
    assert_eq!(accounts.execute("bob", old::Increase { by: 8 }).await.unwrap().state.balance, 12);
    let report = check_decodes::<old::Account>(&store).await.unwrap();
    let kinds: Vec<_> = report.unreadable.iter().map(|kind| (kind.version, kind.events, kind.stream_version)).collect();
    assert_eq!(kinds, [(2, 1, 2)], "{report}");

    // And the newer release reads all of it.
    let new = Repository::<new::Account, _>::new(&store);
    assert_eq!(new.load("alice").await.unwrap().state.balance, 3);
    assert_eq!(new.load("bob").await.unwrap().state.balance, 12);
}

/// A state in the cache is no way round: the older release catches up, and sees what it does not know.
#[tokio::test]
async fn an_older_repository_with_the_state_at_hand_does_not_guess() {
    let (_place, store) = open().await;
    let old = Repository::<old::Account, _>::new(&store);
    old.execute("alice", old::Increase { by: 1 }).await.unwrap();
    Repository::<new::Account, _>::new(&store).execute("alice", new::Increase { by: 2 }).await.unwrap();
    let error = old.execute("alice", old::Increase { by: 8 }).await.unwrap_err();
    assert!(error.to_string().ends_with(KNOWS_ONE), "{error}");
    assert!(old.load("alice").await.unwrap_err().to_string().ends_with(KNOWS_ONE));
    assert_eq!(old.load("alice").at_version(1).await.unwrap().state.balance, 1);
}

/// A command that the newer release has executed is not executed again by the older one, which cannot say what it did.
#[tokio::test]
async fn a_repeated_command_is_not_executed_twice_by_two_releases() {
    let (_place, store) = open().await;
    let id = CommandId::new();
    let new = Repository::<new::Account, _>::new(&store);
    new.execute("alice", new::Increase { by: 2 }).command_id(id).await.unwrap();
    let old = Repository::<old::Account, _>::new(&store);
    let error = old.execute("alice", old::Increase { by: 2 }).command_id(id).await.unwrap_err();
    assert!(error.to_string().ends_with(KNOWS_ONE), "{error}");
    let outcome = new.execute("alice", new::Increase { by: 2 }).command_id(id).await.unwrap();
    assert!(outcome.repeated && outcome.state.balance == 2);
}

#[tokio::test]
async fn the_older_projection_fails_and_skips_nothing() {
    let (_place, store) = open().await;
    both_have_written(&store).await;
    let head = store.head().await.unwrap();
    let view = Projector::in_memory(&store, old::PaidIn::default()).retry(Retry::NEVER).spawn();
    let error = view.wait_for(head).await.unwrap_err();
    let ProjectorError::Event { event, stream, version, position, .. } = &error else { panic!("{error}") };
    assert_eq!((event.as_str(), stream.id(), *version, position.number), ("increased", "alice", 2, 2));
    assert!(error.to_string().ends_with(KNOWS_ONE), "{error}");
    assert_eq!(view.status().state, ProjectorState::Failed);
    assert!(view.stop().await.is_err(), "it says why it has failed");

    // In batches too: each event of the page that failed comes alone.
    let mut together = Projector::in_memory(&store, old::Together::default()).retry(Retry::NEVER);
    let error = together.run_to_head().await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { version: 2, .. }), "{error}");
    assert!(error.to_string().ends_with(KNOWS_ONE), "{error}");

    // What does not ask for the event is not held up by it.
    let mut renames = Projector::in_memory(&store, old::Renames::default()).retry(Retry::NEVER);
    renames.run_to_head().await.unwrap();
    Repository::<new::Account, _>::new(&store).execute("alice", new::Rename).await.unwrap();
    renames.run_to_head().await.unwrap();
    assert_eq!(renames.handle().view().await.0, 1);

    // The newer release shows all of it.
    let view = Projector::in_memory(&store, new::PaidIn::default()).spawn();
    view.wait_for(head).await.unwrap();
    let sums: Vec<u64> = view.view().await.0.values().copied().collect();
    assert_eq!(sums, [3, 4]);
    view.stop().await.unwrap();
}

#[tokio::test]
async fn an_older_projection_that_parks_puts_aside_what_it_does_not_know() {
    let (_place, store) = open().await;
    both_have_written(&store).await;
    let view = Projector::in_memory(&store, old::PaidIn::default())
        .retry(Retry::NEVER)
        .on_failure(OnFailure::Park)
        .batch(BatchSize { events: 1, ..BatchSize::default() })
        .spawn();
    view.wait_for(store.head().await.unwrap()).await.unwrap();
    let sums = view.view().await.0.clone();
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), [("alice".to_owned(), 1), ("bob".to_owned(), 4)]);
    let status = view.status();
    assert_eq!(status.parked_streams, 1);
    assert!(view.replay_parked().await.is_ok_and(|replayed| replayed.replayed == 0 && replayed.still_parked == 1));
    view.stop().await.unwrap();
}

#[tokio::test]
async fn a_retired_event_of_a_newer_version_is_an_error_too() {
    let (_place, store) = open().await;
    crate::append(&store, "exchanged", 1, br#"{"by":5}"#).await;
    crate::append(&store, "exchanged", 2, br#"{"by":6,"rate":1.5}"#).await;
    let message = "cannot read event 2 of `account/alice` at position 2: event `exchanged` has version 2 in the \
                   journal, but this program knows only version 1";
    let old = Repository::<old::Account, _>::new(&store);
    assert_eq!(old.load("alice").await.unwrap_err().to_string(), message);
    assert_eq!(old.history("alice").await.unwrap_err().to_string(), message);
    let mut view = Projector::in_memory(&store, old::PaidIn::default()).retry(Retry::NEVER);
    let error = view.run_to_head().await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { version: 2, .. }), "{error}");

    let new = Repository::<new::Account, _>::new(&store);
    assert_eq!(new.load("alice").await.unwrap().state.balance, 11);
    assert_eq!(new.load("alice").at_version(1).await.unwrap().state.balance, 5);
    let mut view = Projector::in_memory(&store, new::PaidIn::default()).retry(Retry::NEVER);
    view.run_to_head().await.unwrap();
    assert_eq!(view.handle().view().await.0["alice"], 11);
}

/// Both states have the same shape, but the newer one may be of events that the older release does not know.
#[tokio::test]
async fn a_snapshot_of_a_newer_release_is_neither_read_nor_in_the_way() {
    let (_place, store) = open().await;
    let old = || Repository::<old::Account, _>::new(&store);
    let new = || Repository::<new::Account, _>::new(&store);
    both_have_written(&store).await;
    new().snapshot("alice").await.unwrap();
    new().snapshot("bob").await.unwrap();
    assert!(old().load("alice").await.unwrap_err().to_string().ends_with(KNOWS_ONE));
    assert_eq!(old().load("alice").at_version(1).await.unwrap().state.balance, 1);
    assert_eq!(old().execute("bob", old::Increase { by: 8 }).await.unwrap().state.balance, 12);
    old().snapshot("bob").await.unwrap();
    assert_eq!(new().load("bob").await.unwrap().state.balance, 12);
    assert_eq!(new().load("alice").await.unwrap().state.balance, 3);
}
