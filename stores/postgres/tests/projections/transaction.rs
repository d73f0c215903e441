//! What a projection can do in its transaction, and what it cannot.

use es_core::prelude::*;
use es_core::{MemoryStore, ProjectorError, Retry};
use es_postgres::PostgresStore;
use es_postgres_server::{Database, Server};
use sqlx::{Connection as _, Executor as _};

use crate::domain::{Account, Act, Balances, Increase, balance, lines};

/// Has a projector meet the event that is unlucky, between two that are not; gives the error, if it was one.
async fn unlucky(act: Act, on_failure: OnFailure) -> (Database, PostgresStore, Option<String>) {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    for account in ["alice", "unlucky", "bob"] {
        accounts.execute(account, Increase { by: 1 }).await.unwrap();
    }
    let projection = Balances { unlucky: Some(act) };
    let mut projector = Projector::new(&journal, &store, projection).retry(Retry::NEVER).on_failure(on_failure);
    let result = projector.run_to_head().await;
    if let Err(error) = &result {
        assert!(matches!(error, ProjectorError::Event { .. }), "{error:?}");
    }
    (database, store, result.err().map(|error| error.to_string()))
}

#[tokio::test]
async fn a_projection_cannot_end_its_transaction() {
    let acts: [Act; 7] = [
        |tx| Box::pin(async { Ok(tx.execute("COMMIT").await.map(drop)?) }),
        // Nor is it enough not to heed the error.
        |tx| {
            Box::pin(async {
                let _ = tx.execute("COMMIT").await;
                Ok(())
            })
        },
        |tx| Box::pin(async { Ok(tx.execute("END").await.map(drop)?) }),
        |tx| Box::pin(async { Ok(tx.execute("ROLLBACK").await.map(drop)?) }),
        |tx| Box::pin(async { Ok(tx.execute("COMMIT AND CHAIN").await.map(drop)?) }),
        |tx| Box::pin(async { Ok(sqlx::raw_sql("ROLLBACK; BEGIN").execute(&mut **tx).await.map(drop)?) }),
        |tx| {
            Box::pin(async {
                tx.execute("ROLLBACK").await?;
                Ok(tx.execute("INSERT INTO balances VALUES ('mallory', 7)").await.map(drop)?)
            })
        },
    ];
    for (number, act) in acts.into_iter().enumerate() {
        let (_database, store, error) = unlucky(act, OnFailure::Stop).await;
        assert!(error.is_some(), "{number}");
        assert_eq!(lines(&store).await.len(), 1, "{number}: {error:?}");
        assert_eq!(balance(&store, "mallory").await, None, "{number}");
    }
}

#[tokio::test]
async fn an_error_of_a_statement_that_is_not_heeded_is_the_events_error_and_leaves_nothing() {
    const ACT: Act = |tx| {
        Box::pin(async {
            let _ = tx.execute("SELECT 1 / 0").await;
            Ok(())
        })
    };
    let (_database, store, error) = unlucky(ACT, OnFailure::Stop).await;
    let error = error.unwrap();
    assert!(error.contains("account/unlucky") && error.contains("the transaction has failed"), "{error}");
    assert_eq!(lines(&store).await.len(), 1);
    let (_database, store, error) = unlucky(ACT, OnFailure::Park).await;
    assert_eq!(error, None);
    assert_eq!(lines(&store).await.len(), 2);
    let parked = sqlx::query_scalar::<_, String>("SELECT stream FROM es.parked_events").fetch_all(store.pool()).await;
    assert_eq!(parked.unwrap(), ["unlucky"]);
}

#[tokio::test]
async fn a_projection_has_savepoints_of_its_own() {
    const ACT: Act = |tx| {
        Box::pin(async {
            let mut savepoint = tx.begin().await?;
            savepoint.execute("DELETE FROM balances").await?;
            savepoint.rollback().await?;
            let mut savepoint = tx.begin().await?;
            // An error within it is not the end.
            assert!(savepoint.execute("SELECT 1 / 0").await.is_err());
            savepoint.rollback().await?;
            let mut savepoint = tx.begin().await?;
            savepoint.execute("UPDATE balances SET balance = 7 WHERE account = 'unlucky'").await?;
            savepoint.commit().await?;
            Ok(())
        })
    };
    let (_database, store, error) = unlucky(ACT, OnFailure::Stop).await;
    assert_eq!((error, balance(&store, "unlucky").await), (None, Some(7)));
    assert_eq!(lines(&store).await.len(), 3);
}

#[tokio::test]
async fn a_savepoint_that_nobody_ends_is_ended_with_the_transaction() {
    const ACT: Act = |tx| {
        Box::pin(async {
            let mut savepoint = tx.begin().await?;
            savepoint.execute("UPDATE balances SET balance = 7 WHERE account = 'unlucky'").await?;
            std::mem::forget(savepoint);
            Ok(())
        })
    };
    let (_database, store, error) = unlucky(ACT, OnFailure::Stop).await;
    assert_eq!((error, balance(&store, "unlucky").await), (None, Some(7)));
    assert_eq!(lines(&store).await.len(), 3);
}

#[tokio::test]
async fn what_a_projector_does_is_seen_with_its_checkpoint() {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    let balances = Projector::new(&journal, &store, Balances::default()).spawn();
    for by in 1..=50 {
        let outcome = accounts.execute("alice", Increase { by }).await.unwrap();
        balances.wait_for(outcome.position).await.unwrap();
        assert_eq!(balance(&store, "alice").await, Some(by * (by + 1) / 2));
        let sql = "SELECT position FROM es.projections WHERE name = 'balances'";
        let position: i64 = sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap();
        assert_eq!(position, by);
    }
    balances.stop().await.unwrap();
    // A person may put it right.
    sqlx::query("UPDATE es.projections SET position = position").execute(store.pool()).await.unwrap();
}
