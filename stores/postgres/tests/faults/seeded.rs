//! The check after a fault finds what it is there for: journals that have lost an event, or have one twice, do not pass.

use std::panic::resume_unwind;
use std::sync::Arc;

use es_core::{Append, ExpectedVersion, Journal, StreamId};
use es_postgres::PostgresStore;
use es_postgres_server::{Database, Server};
use sqlx::AssertSqlSafe;

use crate::clients::{Answers, event};

struct Seeded {
    store: PostgresStore,
    answers: Arc<Answers>,
    _database: Database,
}

impl Seeded {
    /// A journal with 20 events that were acknowledged.
    async fn new() -> Self {
        let database = Server::shared().database();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        let answers = Arc::new(Answers::default());
        for number in 0..10 {
            let stream = StreamId::new("account", &format!("{}", number % 3)).unwrap();
            let append = Append::to_stream(stream, ExpectedVersion::Any, vec![event(), event()]);
            assert!(answers.append(&store, append).await);
        }
        assert_eq!(answers.check(&store).await, 20);
        Self { store, answers, _database: database }
    }

    /// Does to the journal what no program may.
    async fn damage(&self, sql: &str) {
        let sql = format!("ALTER TABLE es.events DISABLE TRIGGER ALL; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.store.pool()).await.unwrap();
    }

    /// What the check says.
    async fn said(&self) -> String {
        let (store, answers) = (self.store.clone(), Arc::clone(&self.answers));
        let checked = tokio::spawn(async move { answers.check(&store).await }).await;
        let panic = checked.expect_err("the check finds nothing").into_panic();
        match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(other) => resume_unwind(other),
        }
    }
}

const LAST: &str = "(SELECT number FROM es.events ORDER BY epoch DESC, number DESC LIMIT 1)";

#[tokio::test]
async fn an_event_that_was_lost_is_found() {
    let seeded = Seeded::new().await;
    // The last one of its stream: no gap shows it.
    seeded.damage(&format!("DELETE FROM es.events WHERE number = {LAST}")).await;
    let said = seeded.said().await;
    assert!(said.contains("Written"), "{said}");
}

#[tokio::test]
async fn a_stream_with_a_gap_is_found() {
    let seeded = Seeded::new().await;
    seeded.damage("DELETE FROM es.events WHERE version = 1 AND stream = 1").await;
    let said = seeded.said().await;
    assert!(said.contains("has no gap"), "{said}");
}

#[tokio::test]
async fn an_event_that_is_there_twice_is_found() {
    let seeded = Seeded::new().await;
    let sql = format!(
        "DROP INDEX es.events_by_id;
         INSERT INTO es.events (epoch, stream, version, recorded_at, id, kind, payload)
         SELECT epoch, stream, version + 1, recorded_at, id, kind, payload FROM es.events WHERE number = {LAST}"
    );
    seeded.damage(&sql).await;
    let said = seeded.said().await;
    assert!(said.contains("is there twice"), "{said}");
}

#[tokio::test]
async fn an_append_that_was_written_twice_under_other_ids_is_found() {
    let seeded = Seeded::new().await;
    let sql = format!(
        "INSERT INTO es.events (epoch, stream, version, recorded_at, id, kind, payload)
         SELECT epoch, stream, version + 1, recorded_at, gen_random_uuid(), kind, payload FROM es.events WHERE number = {LAST}"
    );
    seeded.damage(&sql).await;
    let said = seeded.said().await;
    assert!(said.contains("nothing else is there"), "{said}");
}

#[tokio::test]
async fn an_event_that_was_said_not_to_be_written_is_found() {
    let seeded = Seeded::new().await;
    let unanswered = event();
    let stream = StreamId::new("account", "0").unwrap();
    let append = Append::to_stream(stream, ExpectedVersion::Any, vec![unanswered.clone()]);
    seeded.store.append(append).await.unwrap();
    seeded.answers.told.lock().unwrap().insert(unanswered.id, crate::clients::Told::NotWritten);
    let said = seeded.said().await;
    assert!(said.contains("NotWritten"), "{said}");
}
