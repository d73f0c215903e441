//! A server that says nothing any more: its host has died, or the network has lost its way.

use std::time::Duration;

use es_core::{
    Append, AppendError, EventId, ExpectedVersion, Filter, Journal, JournalError, PageSize, Position, Snapshot,
    SnapshotStore, StreamId, Timestamp,
};
use es_postgres::{ConnectError, PostgresStore};
use es_postgres_server::{Database, Proxy, Server};

use crate::clients::event;

/// How long an answer may take here.
const LIMIT: Duration = Duration::from_secs(2);

async fn connect(database: &Database, proxy: &Proxy) -> Result<PostgresStore, ConnectError> {
    let builder = PostgresStore::builder().connect_timeout(LIMIT).answer_timeout(LIMIT);
    builder.connect(&database.url_through(proxy)).await
}

/// What nobody waits for for ever.
async fn ends<T>(what: &str, answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(2), answer).await.unwrap_or_else(|_| panic!("{what} does not end"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_holds_up_nobody_for_ever() {
    let database = Server::shared().database();
    let options = database.options();
    let proxy = Proxy::start(format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap()).unwrap();
    let store = connect(&database, &proxy).await.unwrap();
    let stream = StreamId::new("account", "alice").unwrap();
    let append = |version| Append::to_stream(stream.clone(), ExpectedVersion::Exact(version), vec![event()]);
    let (mut version, mut checked) = (0, 0);
    for round in 0..2 {
        while let Err(error) = store.append(append(version)).await {
            // A slow machine may take longer than the limit.
            assert!(matches!(error, AppendError::Journal(_) | AppendError::Unknown { .. }), "{error}");
            version = store.version(&stream).await.unwrap_or(version);
        }
        version = store.version(&stream).await.unwrap();
        // Connections that have just been used, and such as are asked first whether they live.
        if round == 1 {
            tokio::time::sleep(Duration::from_millis(1_200)).await;
        }
        proxy.stall();
        let stalled = append(version);
        let appended = ends("an append", store.append(stalled.clone())).await;
        match &appended {
            Err(AppendError::Unknown { .. }) => {}
            Err(AppendError::Journal(error)) if error.is_transient() => {}
            other => panic!("{other:?}"),
        }
        let snapshot = Snapshot {
            stream: stream.clone(),
            version: 1,
            event_id: EventId::new(),
            format: "json".to_owned(),
            taken_at: Timestamp::MIN,
            payload: b"{}".to_vec(),
        };
        let errors: [(&str, JournalError); 6] = [
            ("version", ends("version", store.version(&stream)).await.unwrap_err()),
            ("head", ends("head", store.head()).await.unwrap_err()),
            ("wait", ends("wait", store.wait(Position::new(u64::MAX))).await.unwrap_err()),
            (
                "read_stream",
                ends("read_stream", store.read_stream(&stream, 1..=9, PageSize::default())).await.unwrap_err(),
            ),
            (
                "read_all",
                ends("read_all", store.read_all(Position::START, &Filter::all(), PageSize::default()))
                    .await
                    .unwrap_err(),
            ),
            ("save_snapshot", ends("save_snapshot", store.save_snapshot(snapshot)).await.unwrap_err()),
        ];
        for (asked, error) in errors {
            assert!(error.is_transient(), "{asked}: {error}");
            checked += 1;
        }
        let refused = ends("connecting", connect(&database, &proxy)).await.unwrap_err();
        assert!(refused.is_transient(), "{refused}");
        proxy.resume();
        // The same events again find out what became of them.
        let appended = loop {
            match ends("an append", store.append(stalled.clone())).await {
                Ok(appended) => break appended,
                Err(AppendError::Unknown { .. }) => {}
                Err(AppendError::Journal(error)) if error.is_transient() => {}
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(appended.streams[0].versions, Some(version + 1..=version + 1));
        version += 1;
        let page = loop {
            if let Ok(page) = store.read_stream(&stream, 1..=u64::MAX, PageSize::default()).await {
                break page;
            }
        };
        assert_eq!(page.len() as u64, version);
    }
    println!("{checked} questions and 2 appends ended while the server said nothing");
}
