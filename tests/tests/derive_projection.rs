//! What `#[derive(Projection)]` takes, and what it makes of it.
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;

use es_core::MemoryStore;
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

mod bank {
    use super::*;

    #[derive(Command, Debug, Clone)]
    pub struct Increase {
        pub by: u64,
    }

    #[derive(Command, Debug, Clone)]
    pub struct Rename {
        pub to: String,
    }

    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    pub struct Increased {
        pub by: u64,
    }

    /// An event that accounts and customers have.
    #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
    #[event(name = "renamed", aliases("called"))]
    pub struct Renamed {
        pub to: String,
    }

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(
        name = "account",
        commands(Increase, Rename),
        events(Increased, Renamed(ignored)),
        error = std::convert::Infallible
    )]
    pub struct Account {
        #[apply(Increased => self.balance + event.by)]
        pub balance: u64,
    }

    impl Handle<Increase> for Account {
        fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
            accept(Increased { by: command.by })
        }
    }

    impl Handle<Rename> for Account {
        fn handle(&self, command: Rename, _: &Context) -> Decision<Self> {
            accept(Renamed { to: command.to })
        }
    }
}

mod people {
    use super::bank::{Rename, Renamed};
    use super::*;

    #[derive(Aggregate, Debug, Default, Clone)]
    #[aggregate(
        name = "customer",
        commands(Rename),
        events(Renamed(ignored)),
        error = std::convert::Infallible
    )]
    pub struct Customer {}

    impl Handle<Rename> for Customer {
        fn handle(&self, command: Rename, _: &Context) -> Decision<Self> {
            accept(Renamed { to: command.to })
        }
    }
}

use bank::{Account, Increase, Rename};
use people::Customer;

async fn filled() -> (MemoryStore, Position) {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let customers = Repository::<Customer, _>::new(&store);
    for by in 1..=3 {
        accounts.execute("alice", Increase { by }).await.unwrap();
        customers.execute("7", Rename { to: format!("Alice {by}") }).await.unwrap();
    }
    let last = accounts.execute("alice", Rename { to: "savings".to_owned() }).await.unwrap();
    (store, last.position)
}

/// A projection with all that has a default, of events that are named by their paths.
#[derive(Projection, Default)]
#[projection(in_memory, events(bank::Increased, bank::Renamed of people::Customer))]
struct SmallView {
    increased: u64,
    names: Vec<String>,
}

impl Project<bank::Increased> for SmallView {
    async fn project(&mut self, recorded: &Recorded<bank::Increased>, (): &mut ()) -> Projected {
        self.increased += recorded.event.by;
        Ok(())
    }
}

impl Project<bank::Renamed> for SmallView {
    async fn project(&mut self, recorded: &Recorded<bank::Renamed>, (): &mut ()) -> Projected {
        self.names.push(format!("{}: {}", recorded.stream, recorded.event.to));
        Ok(())
    }
}

#[tokio::test]
async fn a_view_sees_the_events_that_it_lists_of_the_aggregates_that_it_names() {
    assert_eq!((SmallView::NAME, SmallView::VERSION), ("small_view", 1));
    let (store, head) = filled().await;
    let view = Projector::in_memory(&store, SmallView::default()).spawn();
    view.wait_for(head).await.unwrap();
    let now = view.view().await;
    assert_eq!(now.increased, 6);
    assert_eq!(now.names, ["customer/7: Alice 1", "customer/7: Alice 2", "customer/7: Alice 3"]);
}

/// One event of two aggregates, of which the program was built with one.
#[derive(Projection, Default)]
#[projection(
    in_memory,
    batch,
    events(
        #[cfg(not(test))] bank::Renamed of Account,
        #[cfg(test)] bank::Renamed of Customer,
        #[cfg(not(test))] bank::Rename as Named,
        #[cfg(test)] bank::Increased as Named,
    )
)]
struct OfCustomers(Vec<String>);

impl ProjectBatch for OfCustomers {
    async fn project_batch(&mut self, events: &[Recorded<OfCustomersEvent>], (): &mut ()) -> Projected {
        for recorded in events {
            if let OfCustomersEvent::Renamed(renamed) = &recorded.event {
                self.0.push(renamed.to.clone());
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_event_is_listed_where_one_of_its_entries_is_there() {
    let (_, view) = run(OfCustomers::default()).await;
    assert_eq!(view.view().await.0, ["Alice 1", "Alice 2", "Alice 3"]);
}

/// All events at once, as variants of one enum; one type of two aggregates is one variant.
#[derive(Projection, Default)]
#[projection(
    name = "together",
    version = 7,
    in_memory,
    batch,
    event_enum = Happened,
    events(bank::Increased as More, bank::Renamed of Account, bank::Renamed of Customer)
)]
struct Together {
    batches: Vec<usize>,
    by_stream: BTreeMap<String, Vec<Happened>>,
}

impl ProjectBatch for Together {
    async fn project_batch(&mut self, events: &[Recorded<Happened>], (): &mut ()) -> Projected {
        self.batches.push(events.len());
        for recorded in events {
            if let Happened::More(bank::Increased { by: 13 }) = recorded.event {
                return Err("an unlucky number".into());
            }
            self.by_stream.entry(recorded.stream.to_string()).or_default().push(recorded.event.clone());
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_batch_has_all_events_in_their_order() {
    assert_eq!((Together::NAME, Together::VERSION), ("together", 7));
    let (store, _) = filled().await;
    let mut projector = Projector::in_memory(&store, Together::default());
    projector.run_to_head().await.unwrap();
    let handle = projector.handle();
    let view = handle.view().await;
    assert_eq!(view.batches, [7]);
    let more = |by| Happened::More(bank::Increased { by });
    let renamed = |to: &str| Happened::Renamed(bank::Renamed { to: to.to_owned() });
    assert_eq!(view.by_stream["account/alice"], [more(1), more(2), more(3), renamed("savings")]);
    assert_eq!(view.by_stream["customer/7"], [renamed("Alice 1"), renamed("Alice 2"), renamed("Alice 3")]);
}

#[tokio::test]
async fn an_event_that_fails_in_a_batch_is_found() {
    let (store, _) = filled().await;
    let accounts = Repository::<Account, _>::new(&store);
    let unlucky = accounts.execute("bob", Increase { by: 13 }).await.unwrap();
    let last = accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    let projector = Projector::in_memory(&store, Together::default()).retry(Retry::NEVER);
    let error = projector.spawn().wait_for(last.position).await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { position, .. } if position == unlucky.position), "{error}");

    let projector = Projector::in_memory(&store, Together::default()).retry(Retry::NEVER).on_failure(OnFailure::Park);
    let view = projector.spawn();
    view.wait_for(last.position).await.unwrap();
    assert_eq!(view.view().await.by_stream["account/alice"].len(), 5);
    assert_eq!(view.status().parked_streams, 1);
}

/// All events of one aggregate, as the aggregate's own enum, and some of another.
#[derive(Projection, Default)]
#[projection(in_memory, events(all of bank::Account, bank::Renamed of people::Customer))]
struct Everything(Vec<String>);

impl Project<bank::AccountEvent> for Everything {
    async fn project(&mut self, recorded: &Recorded<bank::AccountEvent>, (): &mut ()) -> Projected {
        self.0.push(format!("{:?}", recorded.event));
        Ok(())
    }
}

impl Project<bank::Renamed> for Everything {
    async fn project(&mut self, recorded: &Recorded<bank::Renamed>, (): &mut ()) -> Projected {
        self.0.push(recorded.event.to.clone());
        Ok(())
    }
}

/// The same in a batch: of one aggregate the enum is that of the aggregate, of several one of its own.
#[derive(Projection, Default)]
#[projection(in_memory, batch, events(all of Account))]
struct AllOfOne(Vec<bank::AccountEvent>);

impl ProjectBatch for AllOfOne {
    async fn project_batch(&mut self, events: &[Recorded<bank::AccountEvent>], (): &mut ()) -> Projected {
        self.0.extend(events.iter().map(|recorded| recorded.event.clone()));
        Ok(())
    }
}

#[derive(Projection, Default)]
#[projection(in_memory, batch, events(all of Account, all of people::Customer as Person))]
struct AllOfTwo(Vec<AllOfTwoEvent>);

impl ProjectBatch for AllOfTwo {
    async fn project_batch(&mut self, events: &[Recorded<AllOfTwoEvent>], (): &mut ()) -> Projected {
        self.0.extend(events.iter().map(|recorded| recorded.event.clone()));
        Ok(())
    }
}

async fn run<P: Projection<Store = es_core::InMemory>>(projection: P) -> (MemoryStore, es_core::ProjectorHandle<P>) {
    let (store, head) = filled().await;
    let view = Projector::in_memory(&store, projection).spawn();
    view.wait_for(head).await.unwrap();
    (store, view)
}

#[tokio::test]
async fn all_events_of_an_aggregate_are_listed_by_its_name() {
    let (_, view) = run(Everything::default()).await;
    assert_eq!(view.view().await.0.len(), 7);
    assert_eq!(view.view().await.0[..2], ["Increased(Increased { by: 1 })", "Alice 1"]);

    let (_, view) = run(AllOfOne::default()).await;
    let increased = |by| bank::AccountEvent::Increased(bank::Increased { by });
    assert_eq!(view.view().await.0[..3], [1, 2, 3].map(increased));

    let (_, view) = run(AllOfTwo::default()).await;
    assert_eq!(view.view().await.0[0], AllOfTwoEvent::Account(increased(1)));
    let renamed = people::CustomerEvent::Renamed(bank::Renamed { to: "Alice 1".to_owned() });
    assert_eq!(view.view().await.0[1], AllOfTwoEvent::Person(renamed));
}

#[tokio::test]
async fn an_event_that_is_not_known_fails_a_view_of_all_events() {
    let (store, view) = run(AllOfOne::default()).await;
    let stream = StreamId::new("account", "bob").unwrap();
    let unknown = es_core::NewEvent {
        id: EventId::new(),
        name: "frozen".into(),
        version: 1,
        format: "json".into(),
        payload: b"{}".to_vec(),
        metadata: std::sync::Arc::default(),
    };
    let append = es_core::Append::to_stream(stream, es_core::ExpectedVersion::NoStream, vec![unknown]);
    let appended = store.append(append).await.unwrap();
    let error = view.wait_for(appended.position).await.unwrap_err();
    assert!(error.to_string().contains("frozen"), "{error}");
}

#[test]
fn the_journal_is_asked_for_what_is_listed_alone() {
    let filter = <Together as Projection>::routes().filter();
    for (aggregate, name, wanted) in [
        ("account", "Increased", true),
        ("account", "renamed", true),
        ("account", "called", true),
        ("customer", "called", true),
        ("customer", "Increased", false),
        ("loan", "renamed", false),
    ] {
        assert_eq!(filter.lets_through(aggregate, name), wanted, "{aggregate} {name}");
    }
}
