//! Views that change in the transaction of the append itself.

use std::sync::atomic::{AtomicBool, Ordering};

use es_core::prelude::*;
use es_core::{AppendError, ExecuteError, JournalError, ProjectorError, Retry};
use es_sqlite::{SqliteStore, SqliteTx};

use crate::common::place;
use crate::domain::{Account, Balances, Increase, Increased, balance, lines};

async fn inline(store: &SqliteStore, projection: Balances) -> Repository<Account, SqliteStore> {
    Repository::<Account, _>::new(store).inline(projection).await.unwrap()
}

async fn checkpoint(store: &SqliteStore) -> i64 {
    store.read(|db| db.query_row("SELECT position FROM projections", (), |row| row.get(0))).await.unwrap()
}

#[tokio::test]
async fn a_view_never_lags_and_is_brought_up_to_date_first() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let before = Repository::<Account, _>::new(&store);
    before.execute("alice", Increase { by: 1 }).await.unwrap();
    let accounts = inline(&store, Balances::default()).await;
    assert_eq!(balance(&store, "alice").await, Some(1));
    for by in 2..=20 {
        // Whichever repository appends.
        let accounts = if by % 2 == 0 { &accounts } else { &before };
        accounts.execute("alice", Increase { by }).await.unwrap();
        assert_eq!(balance(&store, "alice").await, Some((1..=by).sum()));
        assert_eq!(checkpoint(&store).await, by);
    }
    store.close().await;

    // A projector goes on where it was.
    let store = SqliteStore::open(&path).await.unwrap();
    Repository::<Account, _>::new(&store).execute("alice", Increase { by: 21 }).await.unwrap();
    Projector::new(&store, &store, Balances::default()).run_to_head().await.unwrap();
    assert_eq!(lines(&store).await.len(), 21);
}

#[tokio::test]
async fn a_failing_view_fails_its_own_append_and_no_other_that_is_committed_with_it() {
    type Act = fn(&mut SqliteTx) -> Projected;
    let acts: [Act; 4] = [
        |_| Err("not today".into()),
        |_| panic!("not today"),
        |tx| Ok(tx.execute_batch("COMMIT; not today")?),
        |tx| {
            let _ = tx.execute("INSERT OR ROLLBACK INTO lines (position, by) VALUES (1, 1)", ());
            Err("not today".into())
        },
    ];
    for act in acts {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let accounts = inline(&store, Balances { unlucky: Some(act) }).await;
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..64 {
            let accounts = accounts.clone();
            tasks.spawn(async move {
                let lucky = number % 8 != 0;
                let id = if lucky { format!("account-{number}") } else { "unlucky".to_owned() };
                let result = accounts.execute(&id, Increase { by: number }).await;
                match result {
                    Ok(_) => assert!(lucky),
                    Err(ExecuteError::Append(AppendError::View { view, stream, .. })) => {
                        assert_eq!((lucky, view.as_str(), stream.id()), (false, "balances", "unlucky"));
                    }
                    Err(error) => panic!("{error}"),
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(lines(&store).await.len(), 1 + 56);
        assert_eq!(accounts.load("unlucky").await.unwrap().version, 0);
        let events: i64 =
            store.read(|db| db.query_row("SELECT count(*) FROM events", (), |row| row.get(0))).await.unwrap();
        assert_eq!(events, 1 + 56);
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!(balance(&store, "alice").await, Some(2));
        store.close().await;
        // What it has left behind is a checkpoint that a projector goes on from.
        let store = SqliteStore::open(&path).await.unwrap();
        Projector::new(&store, &store, Balances::default()).run_to_head().await.unwrap();
        assert_eq!(lines(&store).await.len(), 2 + 56);
    }
}

#[tokio::test]
async fn what_another_program_appends_is_shown_with_the_next_append_of_this_one() {
    let (_folder, path) = place();
    let (one, two) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let accounts = inline(&one, Balances::default()).await;
    let elsewhere = Repository::<Account, _>::new(&two);
    for round in 1..=5 {
        for _ in 0..3 {
            elsewhere.execute("bob", Increase { by: 1 }).await.unwrap();
        }
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!((balance(&one, "alice").await, balance(&one, "bob").await), (Some(round), Some(3 * round)));
    }
    let positions: Vec<_> = lines(&one).await.iter().map(|line| line.0).collect();
    assert_eq!(positions, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_programs_may_have_the_same_view_inline() {
    let (_folder, path) = place();
    let (one, two) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let (first, second) = (inline(&one, Balances::default()).await, inline(&two, Balances::default()).await);
    for round in 1..=10 {
        first.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!(balance(&one, "alice").await, Some(2 * round - 1));
        second.execute("alice", Increase { by: 1 }).await.unwrap();
        assert_eq!(balance(&two, "alice").await, Some(2 * round));
    }
    let refused = Projector::new(&two, &two, Balances::default()).run_to_head().await;
    assert!(matches!(refused, Err(ProjectorError::Held { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_view_that_a_projector_has_cannot_be_inline_too() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let balances = Projector::new(&store, &store, Balances::default()).spawn();
    balances.wait_for(Position::START).await.unwrap();
    let mut changes = balances.changes();
    while balances.status().state != ProjectorState::Live {
        changes.next().await.unwrap();
    }
    let refused = Repository::<Account, _>::new(&store).inline(Balances::default()).await;
    assert!(matches!(refused, Err(ProjectorError::Held { .. })), "{refused:?}");
    balances.stop().await.unwrap();
    Repository::<Account, _>::new(&store).inline(Balances::default()).await.unwrap();
}

static WAITS: AtomicBool = AtomicBool::new(false);

/// Waits for something, once it is to.
#[derive(Projection, Default)]
#[projection(store = SqliteStore, events(Increased))]
struct Waiting;

impl ReadModel for Waiting {
    async fn create(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }

    async fn reset(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Waiting {
    async fn project(&mut self, _: &Recorded<Increased>, _: &mut SqliteTx) -> Projected {
        if WAITS.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_inline_view_cannot_wait_for_anything() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let accounts = Repository::<Account, _>::builder(&store).retry(Retry::NEVER).build();
    let accounts = accounts.inline(Waiting).await.unwrap();
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    WAITS.store(true, Ordering::SeqCst);
    let error = accounts.execute("alice", Increase { by: 1 }).await.unwrap_err();
    assert!(error.to_string().contains("cannot wait"), "{error}");
}

#[tokio::test]
async fn a_view_sees_events_that_are_imported() {
    let ((_folder, path), (_other_folder, other_path)) = (place(), place());
    let (store, other) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&other_path).await.unwrap());
    let accounts = Repository::<Account, _>::new(&store);
    for by in 1..=5 {
        accounts.execute("alice", Increase { by }).await.unwrap();
        accounts.execute("bob", Increase { by: by * 10 }).await.unwrap();
    }
    let _accounts = inline(&other, Balances::default()).await;
    let copy = es_core::JournalCopy::new(&store, &other).page_size(es_core::PageSize::events(3));
    assert_eq!(copy.run().await.unwrap().events, 10);
    assert_eq!((balance(&other, "alice").await, balance(&other, "bob").await), (Some(15), Some(150)));
    assert_eq!(checkpoint(&other).await, 10);

    let (_third_folder, third_path) = place();
    let third = SqliteStore::open(&third_path).await.unwrap();
    let _accounts = inline(&third, Balances { unlucky: Some(|_| Err("not today".into())) }).await;
    accounts.execute("unlucky", Increase { by: 1 }).await.unwrap();
    let error = es_core::JournalCopy::new(&store, &third).run().await.unwrap_err();
    assert!(matches!(error, es_core::CopyError::Import(AppendError::View { .. })), "{error:?}");
    assert_eq!((balance(&third, "alice").await, third.head().await.unwrap()), (None, Position::START));
}

/// Refers to an account that is not there, once it is unlucky; SQLite looks when it commits.
#[derive(Projection, Default)]
#[projection(store = SqliteStore, events(Increased))]
struct Referring;

impl ReadModel for Referring {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        let sql = "CREATE TABLE parents (id TEXT PRIMARY KEY);
                   CREATE TABLE children (parent TEXT REFERENCES parents DEFERRABLE INITIALLY DEFERRED)";
        Ok(tx.execute_batch(sql)?)
    }

    async fn reset(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Referring {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut SqliteTx) -> Projected {
        let id = recorded.stream.id();
        if !id.starts_with("unlucky") {
            tx.execute("INSERT OR IGNORE INTO parents VALUES (?1)", [id])?;
        }
        Ok(tx.execute("INSERT INTO children VALUES (?1)", [id]).map(drop)?)
    }
}

#[tokio::test]
async fn a_view_that_is_refused_when_it_is_committed_fails_its_own_append_and_no_other() {
    for clients in [1, 64] {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let accounts = Repository::<Account, _>::new(&store).inline(Referring).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..clients {
            let accounts = accounts.clone();
            tasks.spawn(async move {
                let id = if number % 8 == 0 { format!("unlucky-{number}") } else { format!("account-{number}") };
                let result = accounts.execute(&id, Increase { by: number }).await;
                match result {
                    Ok(_) => assert!(number % 8 != 0),
                    Err(ExecuteError::Journal(JournalError::Failed { source, .. })) => {
                        assert_eq!((number % 8, source.to_string().as_str()), (0, "FOREIGN KEY constraint failed"));
                    }
                    Err(error) => panic!("{number}: {error:?}"),
                }
                id
            });
        }
        for id in tasks.join_all().await {
            let version = accounts.load(&id).await.unwrap().version;
            assert_eq!(version, u64::from(!id.starts_with("unlucky")), "{id}");
        }
    }
}
