//! What a store on a server does that others do not.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Place, event};
use es_core::{
    Append, AppendError, EventId, ExpectedVersion, Filter, Journal, JournalError, ListSnapshots, Metadata, NewEvent,
    PageSize, Position, StreamAppend, StreamId,
};
use es_postgres::{ConnectError, PostgresStore};
use es_postgres_server::Server;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

fn to(id: &str, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append::to_stream(stream(id), expected, events)
}

async fn connect(place: &Place) -> PostgresStore {
    place.builder().connect(place.url()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_that_are_joined_have_answers_of_their_own() {
    let place = Place::new();
    // One writer, which is busy with the first while the others gather.
    let store = place.builder().writers(1).connect(place.url()).await.unwrap();
    let there = event();
    store.append(to("there", ExpectedVersion::NoStream, vec![there.clone()])).await.unwrap();
    for round in 0..20 {
        let mut answers = Vec::new();
        for number in 0..40 {
            let store = store.clone();
            let (id, there) = (format!("{round}-{}", number / 2), there.clone());
            answers.push(tokio::spawn(async move {
                let append = match number % 4 {
                    // Both expect that they are the first: one is.
                    0 | 1 => to(&id, ExpectedVersion::NoStream, vec![event(), event()]),
                    // All or nothing: the second stream is not as expected.
                    2 => Append {
                        streams: vec![
                            StreamAppend { stream: stream(&id), expected: ExpectedVersion::Any, events: vec![event()] },
                            StreamAppend {
                                stream: stream("there"),
                                expected: ExpectedVersion::Exact(7),
                                events: vec![],
                            },
                        ],
                    },
                    // An id that is somewhere else.
                    _ => to(&id, ExpectedVersion::Any, vec![event(), there]),
                };
                (number, id, store.append(append).await)
            }));
        }
        let (mut first, mut late) = (0, 0);
        for answer in answers {
            match answer.await.unwrap() {
                (0.., id, Ok(appended)) => {
                    assert_eq!(appended.streams[0].versions, Some(1..=2), "{id}");
                    first += 1;
                }
                (number, id, Err(AppendError::Conflict { stream, actual, .. })) if number % 4 < 2 => {
                    assert_eq!((stream.id(), actual), (id.as_str(), 2));
                    late += 1;
                }
                (number, _, Err(AppendError::Conflict { stream, actual, .. })) => {
                    assert_eq!((number % 4, stream.id(), actual), (2, "there", 1));
                }
                (number, id, Err(AppendError::DuplicateEvent { stream, id: double })) => {
                    assert_eq!((number % 4, stream.id(), double), (3, id.as_str(), there.id));
                }
                (number, id, Err(error)) => panic!("append {number} to {id}: {error}"),
                (number, id, answer) => panic!("append {number} to {id}: {answer:?}"),
            }
        }
        assert_eq!((first, late), (10, 10));
    }
    // Transactions of the other tests on this server hold readers back.
    let begun = Instant::now();
    while store.held_back().await.unwrap().is_some() && begun.elapsed() < Duration::from_mins(1) {}
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    assert_eq!(page.len(), 1 + 20 * 10 * 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_called_json_comes_back_as_it_was() {
    let place = Place::new();
    let store = connect(&place).await;
    let deep = [b"[".repeat(200), b"]".repeat(200)].concat();
    let payloads: [&[u8]; 14] = [
        b"{\"a\": 1,\n \"a\":2 }",
        br#""\u0000 \ud800 \\""#,
        b"1e400",
        b"-0.0",
        b"12345678901234567890.123456789012345678901",
        b"",
        b" ",
        b"{",
        b"\xff",
        b"\"\x01\"",
        b"nul",
        b"'a'",
        b"{\"a\":1}{}",
        &deep,
    ];
    let events: Vec<_> = payloads.iter().map(|payload| NewEvent { payload: payload.to_vec(), ..event() }).collect();
    store.append(to("a", ExpectedVersion::NoStream, events)).await.unwrap();
    let page = store.read_stream(&stream("a"), 1..=u64::MAX, PageSize::default()).await.unwrap();
    let read: Vec<_> = page.iter().map(|raw| raw.payload.bytes).collect();
    assert_eq!(read, payloads);
    assert!(page.iter().all(|raw| raw.payload.format == "json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_may_have_any_character() {
    let place = Place::new();
    let store = connect(&place).await;
    let extra = [("a\0".to_owned(), "\0".to_owned())].into();
    let metadata = Arc::new(Metadata { actor: Some("\0".to_owned()), extra, ..Metadata::default() });
    let event = NewEvent { metadata: Arc::clone(&metadata), ..event() };
    store.append(to("a", ExpectedVersion::Any, vec![event])).await.unwrap();
    let page = store.read_stream(&stream("a"), 1..=1, PageSize::default()).await.unwrap();
    assert_eq!(page.last().unwrap().metadata, &metadata);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_applies_the_schema_connects_without_migrating() {
    let database = Server::shared().database();
    let connect = || PostgresStore::builder().schema("other").migrate(false).connect_with(database.options());
    let error = connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::NotReady { found: 0, .. }), "{error}");
    let mut db = PgConnection::connect_with(&database.options()).await.unwrap();
    let sql = PostgresStore::schema_sql("other").unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
    let store = connect().await.unwrap();
    store.append(to("a", ExpectedVersion::NoStream, vec![event()])).await.unwrap();
    // A person reads it.
    let row = sqlx::query("SELECT stream, version, event, payload::text FROM other.journal").fetch_one(&mut db);
    let row = row.await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2), row.get(3)), ("a", 1_i64, "noted", r#"{"by":1}"#));
    // And does not write it.
    for sql in ["UPDATE other.events SET version = 2", "DELETE FROM other.events", "TRUNCATE other.events"] {
        assert!(sqlx::query(sql).execute(&mut db).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_others_is_refused_and_left_alone() {
    let database = Server::shared().database();
    let mut db = PgConnection::connect_with(&database.options()).await.unwrap();
    sqlx::raw_sql("CREATE SCHEMA es; CREATE TABLE es.meta (key text)").execute(&mut db).await.unwrap();
    let error = PostgresStore::builder().connect_with(database.options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Foreign { .. }), "{error}");
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'es'").fetch_one(&mut db).await.unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_that_connect_at_the_same_time_make_one_journal() {
    let place = Arc::new(Place::new());
    let connecting: Vec<_> = (0..8)
        .map(|_| {
            let place = Arc::clone(&place);
            tokio::spawn(async move { connect(&place).await.id() })
        })
        .collect();
    let mut ids = Vec::new();
    for id in connecting {
        ids.push(id.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

/// As database administrators set a role, so that nobody holds up the others.
const STRICT: [(&str, &str); 3] =
    [("statement_timeout", "200ms"), ("lock_timeout", "200ms"), ("default_transaction_isolation", "serializable")];

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_takes_as_long_as_it_takes_whatever_the_limits_of_the_server() {
    let database = Server::shared().database();
    let connect = || PostgresStore::builder().connect_with(database.options().options(STRICT));
    // Another process is at it, and gives up.
    let mut other = PgConnection::connect_with(&database.options()).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('es es', 0))").execute(&mut *tx).await.unwrap();
    let (store, ended) = tokio::join!(connect(), async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        tx.rollback().await
    });
    ended.unwrap();
    store.unwrap().append(to("a", ExpectedVersion::NoStream, vec![event()])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_waited_for_the_migration_of_another_sees_it_whatever_the_isolation() {
    let database = Server::shared().database();
    for round in 0..4 {
        let connect = || {
            let builder = PostgresStore::builder().schema(format!("round_{round}"));
            builder.connect_with(database.options().options([STRICT[2]]))
        };
        let (a, b, c, d) = tokio::join!(connect(), connect(), connect(), connect());
        let ids = [a, b, c, d].map(|store| store.unwrap().id());
        assert!(ids.iter().all(|id| *id == ids[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_closed_says_so() {
    let place = Place::new();
    let store = connect(&place).await;
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait(Position::START).await }
    });
    store.append(to("b", ExpectedVersion::Any, vec![event()])).await.unwrap();
    waiting.await.unwrap().unwrap();
    let head = store.head().await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait(head).await }
    });
    store.close().await;
    let closed = |error: &JournalError| matches!(error, JournalError::Closed { .. });
    assert!(closed(&waiting.await.unwrap().unwrap_err()));
    assert!(closed(&store.head().await.unwrap_err()));
    let append = store.append(to("b", ExpectedVersion::Any, vec![event()])).await;
    assert!(matches!(&append, Err(AppendError::Journal(error)) if closed(error)), "{append:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_are_made_again() {
    let database = Server::shared().database();
    let store = PostgresStore::builder().connect_with(database.options()).await.unwrap();
    let other = PostgresStore::builder().connect_with(database.options()).await.unwrap();
    let mut db = PgConnection::connect_with(&database.options()).await.unwrap();
    // A store connects when it has something to do: there is to be a connection to cut.
    store.head().await.unwrap();
    let mut head = Position::START;
    let mut unknown = 0;
    for _ in 0..5 {
        let waiting = tokio::spawn({
            let other = other.clone();
            async move {
                loop {
                    match other.wait(head).await {
                        // It says that the server is gone, and goes on when it is asked again.
                        Err(JournalError::Busy { .. }) => {}
                        result => return result,
                    }
                }
            }
        });
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        // The one that waits may not have connected yet.
        let begun = Instant::now();
        while sqlx::query(cut).fetch_all(&mut db).await.unwrap().is_empty() {
            assert!(begun.elapsed() < Duration::from_mins(1), "nothing was cut");
        }
        let append = to("a", ExpectedVersion::Any, vec![event()]);
        let appended = loop {
            match store.append(append.clone()).await {
                Ok(appended) => break appended,
                Err(AppendError::Unknown { .. } | AppendError::Journal(_)) => unknown += 1,
                Err(error) => panic!("{error}"),
            }
        };
        let reached = tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap().unwrap().unwrap();
        assert_eq!(reached, appended.position);
        head = reached;
        assert_eq!(
            store.version(&stream("a")).await.unwrap(),
            appended.streams[0].versions.clone().unwrap().last().unwrap()
        );
    }
    let page = store.read_stream(&stream("a"), 1..=u64::MAX, PageSize::default()).await.unwrap();
    assert_eq!(page.len(), 5);
    println!("all connections were cut 5 times, {unknown} answers were lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_waits_longer_than_it_may_for_a_stream_is_busy_and_not_written() {
    let place = Place::new();
    let store = place.builder().statement_timeout(Duration::from_millis(300)).connect(place.url()).await.unwrap();
    store.append(to("a", ExpectedVersion::NoStream, vec![event()])).await.unwrap();
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    let mut held = db.begin().await.unwrap();
    sqlx::query(place.sql("SELECT FROM {schema}.streams FOR UPDATE")).execute(&mut *held).await.unwrap();
    let append = to("a", ExpectedVersion::Exact(1), vec![event()]);
    let answer = store.append(append.clone()).await;
    assert!(
        matches!(answer, Err(AppendError::Journal(JournalError::Busy { .. }))),
        "an append that could not be written gave {answer:?}"
    );
    held.rollback().await.unwrap();
    let appended = store.append(append).await.unwrap();
    assert!(!appended.repeated);
    assert_eq!(appended.streams[0].versions, Some(2..=2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_is_in_its_order_though_transactions_wait_for_each_other() {
    let place = Arc::new(Place::new());
    let reader = connect(&place).await;
    let mut writers = Vec::new();
    // Each append has two of three streams, so nearly all wait, and have their ids before they have their streams.
    for writer in 0..8 {
        let store = place.builder().writers(1).connect(place.url()).await.unwrap();
        writers.push(tokio::spawn(async move {
            let mut busy = 0;
            for number in 0..40 {
                let part = |id: usize| StreamAppend {
                    stream: stream(&(id % 3).to_string()),
                    expected: ExpectedVersion::Any,
                    events: vec![event()],
                };
                let first = writer + number;
                let append = Append { streams: vec![part(first), part(first + 1 + number % 2)] };
                while let Err(error) = store.append(append.clone()).await {
                    assert!(matches!(error, AppendError::Journal(JournalError::Busy { .. })), "{error}");
                    busy += 1;
                }
            }
            busy
        }));
    }
    let mut busy = 0;
    for writer in writers {
        busy += writer.await.unwrap();
    }
    let mut versions = [0; 3];
    let (mut position, mut seen) = (Position::START, std::collections::HashSet::<EventId>::new());
    loop {
        let page = reader.read_all(position, &Filter::all(), PageSize::default()).await.unwrap();
        for raw in &page {
            let version = &mut versions[raw.stream.id().parse::<usize>().unwrap()];
            assert_eq!(raw.version, *version + 1, "`{}` is not in its order", raw.stream);
            *version = raw.version;
            assert!(seen.insert(raw.id));
        }
        position = page.next();
        if !page.more() {
            break;
        }
    }
    assert_eq!(seen.len(), 8 * 40 * 2);
    println!("{} events, {busy} answers said that others were faster", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_listed_along_the_index_and_a_page_reads_no_more_than_it_gives() {
    let place = Place::new();
    let store = connect(&place).await;
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    for statement in [
        "INSERT INTO {schema}.streams (aggregate, id) SELECT 'account', n::text FROM generate_series(1, 300) AS n",
        "INSERT INTO {schema}.snapshots
         SELECT no, numbers.version, gen_random_uuid(), 'json:1', 0, decode(repeat('ab', 2000), 'hex')
         FROM {schema}.streams, generate_series(1, 30) AS numbers (version)",
        "ANALYZE {schema}.snapshots",
    ] {
        sqlx::raw_sql(place.sql(statement)).execute(&mut db).await.unwrap();
    }
    let prepare =
        format!("PREPARE list (text, text, bigint, bigint, bigint) AS {}", include_str!("../src/snapshots/list.sql"));
    sqlx::raw_sql(place.sql(&prepare)).execute(&mut db).await.unwrap();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let set = format!("SET plan_cache_mode = {mode}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut db).await.unwrap();
        for after in ["NULL, NULL, NULL", "'account', '5', 7", "'account', '295', 7"] {
            let explain =
                format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE list({after}, 100, 1000000)");
            let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut db).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let plan = plan.join("\n");
            println!("{mode}, after {after}:\n{plan}");
            assert!(plan.contains("Index Cond: (ROW(stream, version) > ROW("), "{plan}");
            assert!(plan.contains("on snapshots (actual rows=100 loops=1)"), "{plan}");
        }
    }
    // Each once, though a page is full by its bytes.
    let (mut last, mut count) = (None::<(StreamId, u64)>, 0);
    loop {
        let after = last.as_ref().map(|(stream, version)| (stream, *version));
        let size = PageSize { events: 1_000, bytes: 100_000 };
        let page = store.list_snapshots(after, size).await.unwrap();
        let Some(end) = page.last() else { break };
        assert!(page.len() <= 50);
        last = Some((end.stream.clone(), end.version));
        count += page.len();
    }
    assert_eq!(count, 9_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outbox_has_kept_for_long_is_found_by_its_time() {
    let place = Place::new();
    let _store = connect(&place).await;
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    for statement in [
        "INSERT INTO {schema}.outbox
             (outbox, position_epoch, position, ordinal, state, aggregate, stream, id, type, changed_at, event)
         SELECT 'news', 1, n, 0, CASE n % 2 WHEN 0 THEN 'sent' ELSE 'ready' END, 'account', n::text, n::text, 'es.v1', n, '{}'
         FROM generate_series(1, 20000) AS n",
        "ANALYZE {schema}.outbox",
    ] {
        sqlx::raw_sql(place.sql(statement)).execute(&mut db).await.unwrap();
    }
    let forget = include_str!("../src/projection/sql/outbox_forget.sql");
    let prepare = format!("PREPARE forget (text, bigint, bigint) AS {forget}");
    sqlx::raw_sql(place.sql(&prepare)).execute(&mut db).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE forget('news', 41, 1000)";
    let rows = sqlx::raw_sql(explain).fetch_all(&mut db).await.unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("outbox_by_time on outbox outbox_1 (actual rows=20 loops=1)"), "{plan}");
    assert!(!plan.contains("Rows Removed"), "{plan}");
}
