//! What becomes of events that cannot be projected, and of stores that fail.

use std::error::Error;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{
    BatchSize, JournalError, MemoryStore, Position, ProjectorError, ReactorError, ReadStoreError, RelayError, Retry,
};

use crate::domain::{Account, AccountEvent, Balances, Faults, PaidIn, StoreFault, TableTx, Tables, append, increased};

const FAST: Retry = Retry { attempts: 3, wait: Duration::from_millis(1), longest_wait: Duration::from_millis(1) };

fn unlucky(panics: bool) -> Balances {
    Balances { faults: Faults { panics, ..Faults::default() } }
}

/// Three accounts in turn, `rounds` times.
async fn fill(store: &MemoryStore, rounds: u64) -> Position {
    for _ in 0..rounds {
        for account in ["alice", "bob", "carol"] {
            append(store, account, &[increased(1)]).await;
        }
    }
    store.head().await.unwrap()
}

#[tokio::test]
async fn an_event_that_fails_twice_is_projected_at_the_third_try() {
    let store = MemoryStore::new();
    let head = fill(&store, 10).await;
    for panics in [false, true] {
        let tables = Tables::default();
        let projection = unlucky(panics);
        projection.faults.fail("bob", 2);
        let balances = Projector::new(&store, &tables, projection).retry(FAST).spawn();
        balances.wait_for(head).await.unwrap();
        assert_eq!((tables.balance("bob"), tables.events()), (Some(10), 30));
        assert!(balances.status().last_error.is_none());
        balances.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_projector_stops_before_an_event_that_fails_each_time() {
    let store = MemoryStore::new();
    let head = fill(&store, 10).await;
    for panics in [false, true] {
        let tables = Tables::default();
        let projection = unlucky(panics);
        let faults = projection.faults.clone();
        faults.fail("carol", u32::MAX);
        let balances = Projector::new(&store, &tables, projection).retry(FAST).spawn();
        let error = balances.wait_for(head).await.unwrap_err();
        let ProjectorError::Event { event, stream, version, position, attempts, source, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((event.as_str(), stream.id(), *version), ("increased", "carol", 1));
        assert_eq!((*position, *attempts), (Position::new(3), 3));
        assert!(source.to_string().contains("carol is unlucky"), "{error}");
        let status = balances.status();
        assert_eq!((status.state, status.position), (ProjectorState::Failed, Position::new(2)));
        assert_eq!(tables.events(), 2, "what comes before it is projected");

        faults.fail("carol", 0);
        balances.resume().await.unwrap();
        balances.wait_for(head).await.unwrap();
        assert_eq!(tables.events(), 30);
        balances.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let store = MemoryStore::new();
    let position = append(&store, "alice", &[increased(1), ("increased", "{}".to_owned())]).await;
    let mut projector = Projector::new(&store, &Tables::default(), Balances::<1>::default()).retry(Retry::NEVER);
    let error = projector.run_to_head().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "projection `balances` failed on `increased`, event 2 of `account/alice` at position {position}, 1 times: \
             event `increased` version 1 is not what it should be: its json does not read: \
             missing field `by` at line 1 column 2"
        )
    );
}

#[tokio::test]
async fn a_parked_event_holds_up_its_stream_alone_and_is_replayed_in_order() {
    let store = MemoryStore::new();
    let head = fill(&store, 10).await;
    let tables = Tables::default();
    let projection = unlucky(false);
    let faults = projection.faults.clone();
    faults.fail("bob", u32::MAX);
    let balances = Projector::new(&store, &tables, projection).retry(FAST).on_failure(OnFailure::Park).spawn();
    balances.wait_for(head).await.unwrap();
    assert_eq!((tables.balance("alice"), tables.balance("bob"), tables.balance("carol")), (Some(10), None, Some(10)));
    let parked: Vec<_> = tables.now().parked.into_values().collect();
    assert_eq!(parked.iter().map(|event| event.version).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert_eq!(parked[0].error.as_deref(), Some("bob is unlucky"));
    assert!(parked[1..].iter().all(|event| event.error.is_none()));
    assert_eq!(balances.status().parked_streams, 1);

    // Again in vain; and what has been parked is known to the next projector.
    let replayed = balances.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (0, 10));
    balances.stop().await.unwrap();
    let balances = Projector::new(&store, &tables, Balances::<1> { faults: faults.clone() }).retry(FAST).spawn();
    let head = fill(&store, 1).await;
    balances.wait_for(head).await.unwrap();
    assert_eq!((tables.balance("bob"), tables.now().parked.len()), (None, 11));

    faults.fail("bob", 0);
    let replayed = balances.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (11, 0));
    assert_eq!((tables.balance("bob"), tables.events()), (Some(11), 33));
    let head = fill(&store, 1).await;
    balances.wait_for(head).await.unwrap();
    assert_eq!((tables.balance("bob"), balances.status().parked_streams), (Some(12), 0));
    balances.stop().await.unwrap();
}

/// The first event of each batch, by account.
#[derive(Projection, Default)]
#[projection(store = Tables, batch, events(all of Account))]
struct Firsts {
    faults: Faults,
}

impl ReadModel for Firsts {
    async fn create(&mut self, _: &mut TableTx) -> Projected {
        Ok(())
    }

    async fn reset(&mut self, _: &mut TableTx) -> Projected {
        Ok(())
    }
}

impl ProjectBatch for Firsts {
    async fn project_batch(&mut self, events: &[Recorded<AccountEvent>], tx: &mut TableTx) -> Projected {
        let account = events[0].stream.id();
        *tx.rows.entry(account.to_owned()).or_default() += 1;
        self.faults.check(account)
    }
}

#[tokio::test]
async fn an_event_that_stands_for_nothing_today_is_no_batch() {
    let store = MemoryStore::new();
    let nothing = ("exchanged", r#"{"more":0,"less":0}"#.to_owned());
    let head = append(&store, "alice", &[increased(1), nothing, increased(1)]).await;
    let (tables, projection) = (Tables::default(), Firsts::default());
    let faults = projection.faults.clone();
    faults.fail("alice", u32::MAX);
    let firsts = Projector::new(&store, &tables, projection).retry(FAST).on_failure(OnFailure::Park).spawn();
    firsts.wait_for(head).await.unwrap();
    faults.fail("alice", 0);
    let replayed = firsts.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (3, 0));
    assert_eq!(tables.now().rows["alice"], 2);
    firsts.stop().await.unwrap();
}

#[tokio::test]
async fn the_cause_of_an_error_is_there_to_be_asked_for() {
    let failed = || JournalError::Failed { store: "the tables".to_owned(), action: "begin", source: "as asked".into() };
    let (store, tables) = (MemoryStore::new(), Tables::default());
    tables.faults.lock().unwrap().push_back(StoreFault::Fail);
    let error = Projector::new(&store, &tables, Balances::<1>::default()).retry(Retry::NEVER).run_to_head().await;
    let error = error.unwrap_err();
    assert!(error.source().is_some_and(<dyn Error>::is::<ReadStoreError>), "{error:?}");
    let errors: [Box<dyn Error>; 2] = [
        Box::new(ProjectorError::Journal { projection: "balances", source: failed().into() }),
        Box::new(ReactorError::Journal { reaction: "bonus", source: failed().into() }),
    ];
    for error in errors {
        assert!(error.source().is_some_and(<dyn Error>::is::<JournalError>), "{error:?}");
    }
    let errors: [Box<dyn Error>; 2] = [
        Box::new(ReactorError::Store { reaction: "bonus", source: ReadStoreError::Ended.into() }),
        Box::new(RelayError::Store { publication: "bank", source: ReadStoreError::Ended.into() }),
    ];
    for error in errors {
        assert!(error.source().is_some_and(<dyn Error>::is::<ReadStoreError>), "{error:?}");
    }
    let error = RelayError::Feed { publication: "bank", source: error.into() };
    assert!(error.source().is_some_and(<dyn Error>::is::<ProjectorError>), "{error:?}");
}

#[tokio::test]
async fn a_rebuilt_read_model_has_nothing_parked() {
    let store = MemoryStore::new();
    let head = fill(&store, 3).await;
    let tables = Tables::default();
    let projection = unlucky(true);
    let faults = projection.faults.clone();
    faults.fail("bob", u32::MAX);
    let balances = Projector::new(&store, &tables, projection).retry(FAST).on_failure(OnFailure::Park).spawn();
    balances.wait_for(head).await.unwrap();
    assert_eq!(tables.now().parked.len(), 3);
    faults.fail("bob", 0);
    balances.rebuild().await.unwrap();
    assert_eq!((tables.now().parked.len(), tables.events()), (0, 9));
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_answer_got_lost_is_not_done_twice() {
    let store = MemoryStore::new();
    let head = fill(&store, 10).await;
    let tables = Tables::default();
    tables.faults.lock().unwrap().extend([StoreFault::LoseAnswer; 3]);
    let batch = BatchSize { events: 10, ..BatchSize::default() };
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).batch(batch).spawn();
    balances.wait_for(head).await.unwrap();
    assert_eq!(tables.events(), 30);
    assert!(tables.faults.lock().unwrap().is_empty());
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn a_model_that_cannot_be_made_is_an_error_and_leaves_nothing() {
    let store = MemoryStore::new();
    let head = fill(&store, 1).await;
    let tables = Tables::default();
    tables.change(|tx| {
        tx.rows.insert("version".to_owned(), 7);
    });
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    let error = balances.wait_for(head).await.unwrap_err();
    assert!(matches!(error, ProjectorError::Model { .. }), "{error}");
    assert!(tables.now().checkpoint.is_none());
    balances.rebuild().await.unwrap();
    assert_eq!(tables.events(), 3);
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn a_view_in_memory_never_shows_half_of_a_failed_event() {
    let store = MemoryStore::new();
    fill(&store, 2).await;
    let position = append(&store, "alice", &[("increased", "{}".to_owned())]).await;
    let head = fill(&store, 2).await;
    let view = Projector::in_memory(&store, PaidIn::default()).retry(FAST).spawn();
    let error = view.wait_for(head).await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { position: at, .. } if at == position), "{error}");
    view.stop().await.unwrap_err();

    let view = Projector::in_memory(&store, PaidIn::default()).retry(FAST).on_failure(OnFailure::Park).spawn();
    view.wait_for(head).await.unwrap();
    let sums = view.view().await.sums.clone();
    assert_eq!(sums.into_values().collect::<Vec<_>>(), [2, 4, 4]);
    view.stop().await.unwrap();
}
