//! What a projection can do in its transaction, and what it cannot.

use std::sync::OnceLock;

use es_core::prelude::*;
use es_core::{Ended, ProjectorError, ReadStore, Retry, Work};
use es_sqlite::{SqliteStore, SqliteTx};

use crate::common::place;
use crate::domain::{Account, Balances, Increase, Increased, balance, lines};

/// Has a projector meet the event that is unlucky, between two that are not; gives the error, if it was one.
async fn unlucky(act: fn(&mut SqliteTx) -> Projected) -> (SqliteStore, Option<String>) {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    for account in ["alice", "unlucky", "bob"] {
        accounts.execute(account, Increase { by: 1 }).await.unwrap();
    }
    let projection = Balances { unlucky: Some(act) };
    let mut projector = Projector::new(&store, &store, projection).retry(Retry::NEVER).on_failure(OnFailure::Stop);
    let result = projector.run_to_head().await;
    // The journal works on.
    accounts.execute("carol", Increase { by: 1 }).await.unwrap();
    assert_eq!(accounts.load("alice").await.unwrap().state.balance, 1);
    (store, result.err().map(|error| error.to_string()))
}

#[tokio::test]
async fn a_projection_cannot_end_its_transaction_nor_change_the_journal() {
    for sql in [
        "COMMIT",
        "END TRANSACTION",
        "ROLLBACK",
        "BEGIN",
        "DELETE FROM snapshots",
        "DROP TABLE events",
        "drop table EVENTS",
        "DROP TABLE IF EXISTS streams",
        "ALTER TABLE kinds RENAME TO other",
        "UPDATE events SET payload = '{}'",
        "INSERT INTO main.meta VALUES ('a', 'b')",
        "UPDATE projections SET position = 0",
        "DELETE FROM parked_events",
        "DROP VIEW journal",
        "CREATE TEMP TABLE events (position INTEGER)",
        "CREATE TEMP VIEW streams AS SELECT 1",
        "CREATE TRIGGER mine AFTER INSERT ON events BEGIN DELETE FROM balances; END",
        "CREATE INDEX mine ON events (kind)",
        "DROP TRIGGER events_are_never_changed",
        "RELEASE es_job",
        "ATTACH ':memory:' AS other",
    ] {
        static SQL: std::sync::Mutex<&str> = std::sync::Mutex::new("");
        *SQL.lock().unwrap() = sql;
        for act in [(|tx| Ok(tx.execute_batch(*SQL.lock().unwrap())?)) as fn(&mut SqliteTx) -> Projected, |tx| {
            Ok(tx.execute(*SQL.lock().unwrap(), ()).map(drop)?)
        }] {
            let (store, error) = unlucky(act).await;
            let error = error.unwrap_or_else(|| panic!("{sql} was allowed"));
            assert!(
                error.contains("not authorized: a projection does not begin or end transactions"),
                "{sql}: {error}"
            );
            assert_eq!(lines(&store).await.len(), 1, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_transaction_that_a_statement_has_rolled_back_is_an_error_and_leaves_nothing() {
    let (store, error) = unlucky(|tx| {
        // The error of the statement is not heeded, and what follows is outside of any transaction.
        assert!(tx.execute("INSERT OR ROLLBACK INTO lines (position, by) VALUES (1, 1)", ()).is_err());
        let _ = tx.execute("INSERT INTO lines (position, by) VALUES (-1, 1)", ());
        Ok(())
    })
    .await;
    let error = error.unwrap();
    assert!(error.contains("account/unlucky") && error.contains("was ended by a statement"), "{error}");
    assert_eq!(lines(&store).await, [(1, 1)]);
}

#[tokio::test]
async fn a_projection_has_savepoints_and_statements_of_its_own() {
    let (store, error) = unlucky(|tx| {
        tx.execute_batch("SAVEPOINT mine; DELETE FROM balances; ROLLBACK TO mine; RELEASE mine")?;
        let rows: i64 = tx.query_row("SELECT count(*) FROM balances", (), |row| row.get(0))?;
        assert_eq!(rows, 2);
        tx.prepare_cached("UPDATE balances SET balance = ?1 WHERE account = ?2")?.execute((7, "unlucky"))?;
        let events: i64 = tx.query_row("SELECT count(*) FROM journal", (), |row| row.get(0))?;
        assert_eq!(events, 3, "the journal can be read");
        Ok(())
    })
    .await;
    assert_eq!((error, balance(&store, "unlucky").await), (None, Some(7)));
}

static STORE: OnceLock<SqliteStore> = OnceLock::new();

/// Does what is best done elsewhere.
#[derive(Projection, Default)]
#[projection(name = "commanding", store = SqliteStore, events(Increased))]
struct Commanding;

impl ReadModel for Commanding {
    async fn create(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }

    async fn reset(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Commanding {
    async fn project(&mut self, _: &Recorded<Increased>, _: &mut SqliteTx) -> Projected {
        let store = STORE.get().ok_or("no store")?;
        Repository::<Account, _>::new(store).execute("bob", Increase { by: 1 }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_command_within_a_projection_is_an_error_and_no_deadlock() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    STORE.set(store.clone()).unwrap();
    Repository::<Account, _>::new(&store).execute("alice", Increase { by: 1 }).await.unwrap();
    let mut projector = Projector::new(&store, &store, Commanding).retry(Retry::NEVER);
    let error = projector.run_to_head().await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { .. }), "{error}");
    assert!(error.to_string().contains("react to events elsewhere"), "{error}");
}

/// Notes how the commit of each append waits for the disk.
#[derive(Projection, Default)]
#[projection(name = "levels", store = SqliteStore, events(Increased))]
struct Levels;

impl ReadModel for Levels {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        let sql = "CREATE TABLE levels (level INTEGER NOT NULL) STRICT; CREATE TABLE parents (id INTEGER PRIMARY KEY);
                   CREATE TABLE children (parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED)";
        Ok(tx.execute_batch(sql)?)
    }

    async fn reset(&mut self, _: &mut SqliteTx) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Levels {
    async fn project(&mut self, _: &Recorded<Increased>, tx: &mut SqliteTx) -> Projected {
        let level: i64 = tx.query_row("PRAGMA synchronous", (), |row| row.get(0))?;
        Ok(tx.execute("INSERT INTO levels VALUES (?1)", [level]).map(drop)?)
    }
}

#[tokio::test]
async fn appends_wait_for_the_disk_however_a_transaction_of_a_projection_has_ended() {
    const FULL: i64 = 2;
    type Act = fn(&mut SqliteTx) -> Ended<()>;
    let acts: [(&str, Act); 5] = [
        ("committed", |_| Ended::Commit(())),
        ("rolled back", |_| Ended::RollBack(())),
        ("panicked", |_| panic!("not today")),
        ("refused when it is committed", |tx| {
            tx.execute("INSERT INTO children VALUES (1)", ()).unwrap();
            Ended::Commit(())
        }),
        ("ended by a statement", |tx| {
            tx.execute("INSERT OR ROLLBACK INTO levels VALUES (NULL)", ()).unwrap_err();
            Ended::Commit(())
        }),
    ];
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let accounts = Repository::<Account, _>::new(&store).inline(Levels).await.unwrap();
    for (how, act) in acts {
        let work: Work<SqliteTx, ()> = Box::new(move |tx| Box::pin(async move { act(tx) }));
        let ended = store.transact(work).await;
        assert_eq!(ended.is_ok(), ["committed", "rolled back"].contains(&how), "{how}: {ended:?}");
        accounts.execute("alice", Increase { by: 1 }).await.unwrap();
        let sql = "SELECT level FROM levels ORDER BY rowid DESC";
        let level = store.read(move |db| db.query_row(sql, (), |row| row.get::<_, i64>(0)));
        assert_eq!(level.await.unwrap(), FULL, "{how}");
    }
}
