//! Programs of different versions, and several that begin at once.
//!
//! No other version of this crate has been released, so an older program is one of today on the schema of an older one. Once
//! there is a release, its statements are to be kept here, and run against the schema of today.

use es_core::{Append, ExpectedVersion, Filter, Journal, PageSize, Position, StreamId};
use es_postgres::{ConnectError, PostgresStore};
use es_postgres_server::Server;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::clients::event;

fn append(stream: &str) -> Append {
    Append::to_stream(StreamId::new("account", stream).unwrap(), ExpectedVersion::Any, vec![event()])
}

/// What the versions after the first one have added.
const BACK_TO_1: &str = "
    DROP TABLE es.projections, es.leases, es.parked_events CASCADE;
    DROP FUNCTION es.projections_do_not_commit();
    ALTER TABLE es.streams DROP COLUMN slice;
    DROP FUNCTION es.slice_of(text, text);
    DROP TABLE es.reaction_timers, es.reaction_answers;
    DROP TABLE IF EXISTS es.outbox;
    UPDATE es.meta SET es_schema_version = 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_begin_at_once_make_one_journal() {
    let database = Server::shared().database();
    let mut connecting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = database.url();
        connecting.spawn(async move { PostgresStore::connect(&url).await.unwrap() });
    }
    let stores = connecting.join_all().await;
    for store in &stores {
        assert_eq!(store.id(), stores[0].id());
        store.append(append("alice")).await.unwrap();
    }
    assert_eq!(stores[0].version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), 8);
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_an_error_that_says_so() {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    store.append(append("alice")).await.unwrap();
    store.pool().execute("UPDATE es.meta SET es_schema_version = 1000").await.unwrap();
    let refused = PostgresStore::connect(&database.url()).await;
    assert!(matches!(&refused, Err(ConnectError::Newer { found: 1000, .. })), "{refused:?}");
    assert!(refused.unwrap_err().to_string().contains("use a newer es-postgres"));
}

#[tokio::test]
async fn an_older_schema_is_migrated_while_programs_append_to_it() {
    let database = Server::shared().database();
    let old = PostgresStore::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(BACK_TO_1)).execute(old.pool()).await.unwrap();
    let refused = PostgresStore::builder().migrate(false).connect(&database.url()).await;
    assert!(matches!(refused, Err(ConnectError::NotReady { found: 1, .. })), "{refused:?}");
    // A program of that time goes on through the migration.
    let appending = tokio::spawn({
        let old = old.clone();
        async move {
            for number in 0..200 {
                old.append(append(&format!("account-{}", number % 20))).await.unwrap();
            }
        }
    });
    let new = PostgresStore::connect(&database.url()).await.unwrap();
    assert_eq!(new.id(), old.id());
    appending.await.unwrap();
    new.append(append("alice")).await.unwrap();
    let all = new.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    assert_eq!(all.len(), 201);
    // The database computes the slice of a stream as the program does.
    let sql = "SELECT aggregate, id, slice FROM es.streams";
    let rows = sqlx::query_as::<_, (String, String, i16)>(sql).fetch_all(new.pool()).await.unwrap();
    assert_eq!(rows.len(), 21);
    for (aggregate, id, slice) in rows {
        assert_eq!(u16::try_from(slice), Ok(StreamId::new(&aggregate, &id).unwrap().slice()), "{id}");
    }
}
