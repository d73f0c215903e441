//! Appends that are written together, in all their kinds, and by several processes.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use common::{Place, event};
use es_core::{
    Append, AppendError, Appended, CommandId, EventId, ExpectedVersion, Filter, ImportJournal, Journal, JournalError,
    MemoryStore, Metadata, NewEvent, PageSize, Position, StreamAppend, StreamId,
};
use es_postgres::PostgresStore;
use es_postgres_server::{Database, Server};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

fn stream(number: usize) -> StreamId {
    StreamId::new("account", &number.to_string()).unwrap()
}

fn part(number: usize, expected: ExpectedVersion, events: Vec<NewEvent>) -> StreamAppend {
    StreamAppend { stream: stream(number), expected, events }
}

fn to(number: usize, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append { streams: vec![part(number, expected, events)] }
}

/// Events of all kinds: with metadata or without, in JSON or not.
fn some_events(number: usize) -> Vec<NewEvent> {
    let kinds = (0..=number % 3).map(|index| {
        let mut new = event();
        if (number + index).is_multiple_of(2) {
            new.metadata = Arc::new(Metadata {
                actor: Some(format!("actor {number}")),
                command_id: Some(CommandId::new()),
                extra: [("index".to_owned(), index.to_string())].into(),
                ..Metadata::default()
            });
        }
        if (number + index).is_multiple_of(5) {
            (new.format, new.payload) = ("bytes".into(), vec![0, 255, u8::try_from(number).unwrap()]);
        }
        new
    });
    kinds.collect()
}

/// Compares an answer with what the journal has.
async fn check(store: &PostgresStore, append: &Append, appended: &Appended) {
    assert_eq!(appended.streams.len(), append.streams.len());
    for (part, answer) in append.streams.iter().zip(&appended.streams) {
        let versions = answer.versions.clone().unwrap();
        let page = store.read_stream(&part.stream, versions.clone(), PageSize::default()).await.unwrap();
        assert_eq!(page.len(), part.events.len());
        assert_eq!(versions.end() - versions.start() + 1, part.events.len() as u64);
        for (raw, new) in page.iter().zip(&part.events) {
            assert_eq!((raw.id, raw.name, raw.payload.format), (new.id, &*new.name, &*new.format));
            assert_eq!((raw.payload.bytes, raw.metadata), (&*new.payload, &new.metadata));
            assert_eq!(raw.recorded_at, appended.recorded_at);
        }
        assert_eq!(page.last().unwrap().position, answer.position);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_append_of_a_batch_is_answered_with_what_the_journal_has() {
    const STREAMS: usize = 60;
    let place = Place::new();
    let store = place.builder().writers(1).connect(place.url()).await.unwrap();
    let mut before = Vec::new();
    for number in 0..STREAMS {
        let first = to(number, ExpectedVersion::NoStream, some_events(number));
        before.push((first.clone(), store.append(first).await.unwrap()));
    }
    for round in 0..12 {
        let mut answers = tokio::task::JoinSet::new();
        for (number, (first, appended)) in before.iter().cloned().enumerate() {
            let version = *appended.streams[0].versions.as_ref().unwrap().end();
            // In some rounds all are of the usual kind, and in some of these each has one event; in the others there are some
            // of each kind.
            let kind = match round % 4 {
                0 => number % 2,
                1 => number % 3,
                _ => number % 9,
            };
            let some_events = |number| {
                let mut events = some_events(number);
                events.truncate(if round % 4 == 1 { 1 } else { usize::MAX });
                events
            };
            let append = match kind {
                0 => to(number, ExpectedVersion::Any, some_events(number + round)),
                2 => to(number, ExpectedVersion::Exact(version + 1), some_events(number)),
                3 => first,
                4 => to(STREAMS * (round + 1) + number, ExpectedVersion::NoStream, some_events(number)),
                5 => to(STREAMS * (round + 1) + number, ExpectedVersion::Any, some_events(number)),
                6 => Append {
                    streams: vec![
                        part(number, ExpectedVersion::Exact(version), some_events(round)),
                        part(STREAMS * (round + 1) + number, ExpectedVersion::NoStream, some_events(number)),
                    ],
                },
                _ => to(number, ExpectedVersion::Exact(version), some_events(number + round)),
            };
            let store = store.clone();
            answers.spawn(async move { (number, kind, version, append.clone(), store.append(append).await) });
        }
        while let Some(answer) = answers.join_next().await {
            let (number, kind, version, append, answer) = answer.unwrap();
            match (kind, answer) {
                (2, Err(AppendError::Conflict { stream: at, expected, actual })) => {
                    assert_eq!(at, stream(number));
                    assert_eq!((expected, actual), (ExpectedVersion::Exact(version + 1), version));
                }
                (3, Ok(appended)) => {
                    assert!(appended.repeated);
                    check(&store, &append, &appended).await;
                }
                (kind, Ok(appended)) if kind != 2 => {
                    assert!(!appended.repeated);
                    check(&store, &append, &appended).await;
                    if append.streams[0].stream == stream(number) {
                        before[number] = (append, appended);
                    }
                }
                (kind, answer) => panic!("append of kind {kind} to {number}: {answer:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_processes_that_begin_the_same_streams_at_once_one_begins_each() {
    const PROCESSES: usize = 4;
    const STREAMS: usize = 40;
    const ROUNDS: usize = 5;
    let place = Arc::new(Place::new());
    let mut stores = Vec::new();
    for _ in 0..PROCESSES {
        stores.push(place.builder().writers(1).connect(place.url()).await.unwrap());
    }
    let mut begun = 0;
    for round in 0..ROUNDS {
        let mut answers = tokio::task::JoinSet::new();
        for (process, store) in stores.iter().enumerate() {
            for index in 0..STREAMS {
                let number = round * STREAMS + if process % 2 == 0 { index } else { STREAMS - 1 - index };
                // Some take what there is, as long as it is one of them that has begun it.
                let expected = if process == 3 { ExpectedVersion::Any } else { ExpectedVersion::Exact(0) };
                let append = to(number, expected, some_events(index));
                let store = store.clone();
                answers.spawn(async move { (number, append.clone(), store.append(append).await) });
            }
        }
        let mut first = HashSet::new();
        while let Some(answer) = answers.join_next().await {
            match answer.unwrap() {
                (number, append, Ok(appended)) => {
                    check(&stores[0], &append, &appended).await;
                    let begins = appended.streams[0].versions.as_ref().unwrap().start() == &1;
                    assert!(!begins || first.insert(number), "stream {number} begins twice");
                }
                (number, append, Err(AppendError::Conflict { stream: at, expected, actual })) => {
                    assert_eq!((at, expected), (stream(number), append.streams[0].expected));
                    assert!(actual > 0);
                }
                (number, _, answer) => panic!("append to {number}: {answer:?}"),
            }
        }
        begun += first.len();
    }
    assert_eq!(begun, STREAMS * ROUNDS);
}

#[tokio::test]
async fn an_append_that_is_alone_is_answered_with_what_the_journal_has() {
    let place = Place::new();
    let store = place.builder().writers(1).connect(place.url()).await.unwrap();
    store.append(to(0, ExpectedVersion::NoStream, vec![event()])).await.unwrap();
    let mut version = 1;
    for number in 0..40 {
        let expected = if number % 2 == 0 { ExpectedVersion::Any } else { ExpectedVersion::Exact(version) };
        let append = to(0, expected, some_events(number));
        let appended = store.append(append.clone()).await.unwrap();
        check(&store, &append, &appended).await;
        version += append.streams[0].events.len() as u64;
        let again = store.append(append.clone()).await.unwrap();
        assert!(again.repeated);
        check(&store, &append, &again).await;
        let late = store.append(to(0, ExpectedVersion::Exact(version - 1), vec![event()])).await;
        assert!(matches!(late, Err(AppendError::Conflict { actual, .. }) if actual == version), "{late:?}");
        let double = append.streams[0].events[0].clone();
        let in_vain = to(0, ExpectedVersion::Exact(version), vec![event(), double]);
        let answer = store.append(in_vain).await;
        assert!(matches!(answer, Err(AppendError::DuplicateEvent { .. })), "{answer:?}");
    }
}

/// Reads all; each stream has to be in its order, and no event twice.
async fn in_order(store: &PostgresStore) -> usize {
    // The other tests' transactions on this server may hold readers back.
    let newest = store.newest().await.unwrap();
    while store.head().await.unwrap() < newest {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut versions = std::collections::HashMap::new();
    let (mut position, mut seen) = (Position::START, HashSet::<EventId>::new());
    loop {
        let page = store.read_all(position, &Filter::all(), PageSize::default()).await.unwrap();
        for raw in &page {
            let version = versions.entry(raw.stream.clone()).or_insert(0);
            assert_eq!(raw.version, *version + 1, "`{}` is not in its order", raw.stream);
            *version = raw.version;
            assert!(seen.insert(raw.id));
        }
        position = page.next();
        if !page.more() {
            return seen.len();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_append_to_the_same_streams_in_any_order_get_on() {
    const PROCESSES: usize = 5;
    const STREAMS: usize = 24;
    const ROUNDS: usize = 8;
    let place = Arc::new(Place::new());
    let mut processes = Vec::new();
    for process in 0..PROCESSES {
        let store = place.builder().writers(2).connect(place.url()).await.unwrap();
        processes.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                let mut clients = tokio::task::JoinSet::new();
                for client in 0..STREAMS {
                    let number = if process % 2 == 0 { client } else { STREAMS - 1 - client };
                    let mut append = to(number, ExpectedVersion::Any, vec![event()]);
                    if (client + round) % 11 == process {
                        append.streams.push(part((number + 7) % STREAMS, ExpectedVersion::Any, vec![event()]));
                    }
                    let store = store.clone();
                    clients.spawn(async move {
                        let mut late = 0;
                        while let Err(error) = store.append(append.clone()).await {
                            assert!(matches!(error, AppendError::Journal(JournalError::Busy { .. })), "{error}");
                            late += 1;
                        }
                        (append.streams.len(), late)
                    });
                }
                while let Some(client) = clients.join_next().await {
                    client.unwrap();
                }
            }
        }));
    }
    for process in processes {
        tokio::time::timeout(Duration::from_mins(3), process).await.expect("they get on").unwrap();
    }
    let reader = place.builder().connect(place.url()).await.unwrap();
    let in_two = (0..PROCESSES * ROUNDS * STREAMS)
        .filter(|index| {
            let (process, rest) = (index / (ROUNDS * STREAMS), index % (ROUNDS * STREAMS));
            (rest % STREAMS + rest / STREAMS) % 11 == process
        })
        .count();
    assert_eq!(in_order(&reader).await, PROCESSES * ROUNDS * STREAMS + in_two);
}

#[tokio::test]
async fn appends_that_wait_for_nobody_are_answered_while_another_one_of_their_batch_waits() {
    const USUAL: usize = 20;
    let place = Place::new();
    let store = place.builder().writers(1).connect(place.url()).await.unwrap();
    for number in 0..=USUAL + 1 {
        store.append(to(number, ExpectedVersion::NoStream, vec![event()])).await.unwrap();
    }
    let lock = async |number: usize| {
        let mut transaction = store.pool().begin().await.unwrap();
        let sql = place.sql("SELECT 1 FROM {schema}.streams WHERE id = $1 FOR UPDATE");
        sqlx::query(sql).bind(number.to_string()).execute(&mut *transaction).await.unwrap();
        transaction
    };
    let (first_is_held, last_is_held) = (lock(0).await, lock(USUAL + 1).await);
    let spawn = |append: Append| {
        let store = store.clone();
        tokio::spawn(async move { store.append(append).await })
    };
    let exact = ExpectedVersion::Exact(1);
    // While the one who writes waits for this, all that comes gets into one batch.
    let first = spawn(to(0, exact, vec![event()]));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (last, new) = (USUAL + 1, USUAL + 2);
    let streams = vec![part(last, exact, vec![event()]), part(new, ExpectedVersion::NoStream, vec![event()])];
    let waits = spawn(Append { streams });
    let usual: Vec<_> = (1..=USUAL).map(|number| spawn(to(number, exact, vec![event()]))).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    first_is_held.rollback().await.unwrap();
    first.await.unwrap().unwrap();
    for answer in usual {
        let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("it waits for nobody");
        assert_eq!(answer.unwrap().unwrap().streams[0].versions, Some(2..=2));
    }
    assert!(!waits.is_finished());
    last_is_held.rollback().await.unwrap();
    assert_eq!(waits.await.unwrap().unwrap().streams[0].versions, Some(2..=2));
}

#[tokio::test]
async fn a_stream_that_has_another_number_in_another_table_is_found_by_its_name() {
    // The numbers are those of a table that is exchanged for another one, in which they are those of other streams.
    const EXCHANGE: &str = "
        BEGIN;
        ALTER TABLE es.streams RENAME TO before;
        CREATE TABLE es.streams (LIKE es.before INCLUDING ALL);
        INSERT INTO es.streams (no, aggregate, id, version, epoch, recorded_at) OVERRIDING SYSTEM VALUE
        SELECT CASE no WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE no END, aggregate, id, version, epoch, recorded_at FROM es.before;
        ALTER TABLE es.events DISABLE TRIGGER ALL;
        UPDATE es.events SET stream = -stream;
        UPDATE es.events SET stream = CASE stream WHEN -1 THEN 2 WHEN -2 THEN 1 ELSE -stream END;
        ALTER TABLE es.events ENABLE TRIGGER ALL;
        DROP TABLE es.before CASCADE;
        COMMIT;
    ";
    let database = Server::shared().database();
    let store = PostgresStore::builder().writers(1).connect(&database.url()).await.unwrap();
    for number in [0, 1, 2] {
        store.append(to(number, ExpectedVersion::NoStream, vec![event()])).await.unwrap();
        store.append(to(number, ExpectedVersion::Exact(1), vec![event()])).await.unwrap();
    }
    store.pool().execute(EXCHANGE).await.unwrap();
    for version in [2, 3] {
        for number in [0, 1, 2] {
            let append = to(number, ExpectedVersion::Exact(version), vec![event()]);
            let appended = store.append(append.clone()).await.unwrap();
            // What readers remember may be old.
            let reader = PostgresStore::connect(&database.url()).await.unwrap();
            check(&reader, &append, &appended).await;
            reader.close().await;
        }
    }
}

/// How many statements wait for a lock.
async fn waiting(db: &mut PgConnection) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// A database that sorts as people do, and in which a deadlock is not found for as long as a test takes. `None` where a server
/// of others does not make one.
async fn sorted_as_people_do() -> Option<Database> {
    let server = Server::shared();
    let (database, other) = (server.database(), server.database());
    let name = database.options().get_database().unwrap().to_owned();
    let mut db = PgConnection::connect_with(&other.options()).await.unwrap();
    let version: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::integer").fetch_one(&mut db).await.unwrap();
    if version < 150_000 {
        println!("not tested, as a whole database of a server before 15 cannot be sorted by ICU");
        return None;
    }
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name}"))).execute(&mut db).await.unwrap();
    for sql in [
        format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"),
        // Only for a superuser. A deadlock that the server ends is seen as a delay.
        format!("ALTER DATABASE {name} SET deadlock_timeout = '5min'"),
    ] {
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.as_str())).execute(&mut db).await {
            assert!(!server.is_private(), "{sql}: {error}");
            println!("not tested, as the server of `ES_POSTGRES_URL` refuses `{sql}`: {error}");
            return None;
        }
    }
    Some(database)
}

#[tokio::test]
async fn streams_are_begun_in_one_order_whatever_the_database_sorts_by() {
    let Some(database) = sorted_as_people_do().await else { return };
    let both = an_import_and_an_append_begin_the_same_streams(&database);
    tokio::time::timeout(Duration::from_mins(1), both).await.expect("they get on");
}

async fn an_import_and_an_append_begin_the_same_streams(database: &Database) {
    let (options, url) = (database.options(), database.url());
    let [one, two] = [(); 2].map(|()| PostgresStore::builder().schema("journal").connect(&url));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let mut holder = PgConnection::connect_with(&options).await.unwrap();
    let mut seen = PgConnection::connect_with(&options).await.unwrap();
    let sorted: bool = sqlx::query_scalar("SELECT 'a' < 'B'").fetch_one(&mut seen).await.unwrap();
    assert!(sorted);

    let to = |id: &str| StreamAppend {
        stream: StreamId::new("account", id).unwrap(),
        expected: ExpectedVersion::Any,
        events: vec![event()],
    };
    let copied = MemoryStore::new();
    copied.append(Append { streams: vec![to("B"), to("X"), to("a")] }).await.unwrap();
    let page = copied.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    // The copy has begun the first one, and waits for the second one.
    holder.execute("BEGIN; INSERT INTO journal.streams (aggregate, id) VALUES ('account', 'X')").await.unwrap();
    let import = tokio::spawn(async move { one.import(Arc::new(page)).await });
    while waiting(&mut seen).await < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // By the order of the database this begins the third one, and waits for the first.
    let append = tokio::spawn(async move { two.append(Append { streams: vec![to("a"), to("B")] }).await });
    while waiting(&mut seen).await < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    holder.execute("ROLLBACK").await.unwrap();
    let both = tokio::time::timeout(Duration::from_secs(20), async { (import.await.unwrap(), append.await.unwrap()) });
    let (imported, appended) = both.await.expect("they do not wait for each other");
    imported.unwrap();
    appended.unwrap();
}
