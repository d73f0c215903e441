//! What the program is told while the server is away, and when it can never be used.

use es_core::{Append, AppendError, ExpectedVersion, Filter, Journal, JournalError, PageSize, Position, StreamId};
use es_postgres::{ConnectError, PostgresStore};
use es_postgres_server::{Node, Server};

use crate::clients::event;

fn append() -> Append {
    Append::to_stream(StreamId::new("account", "alice").unwrap(), ExpectedVersion::Any, vec![event()])
}

/// Asks everything of a store once; gives what was said of each.
async fn ask(store: &PostgresStore) -> Vec<(&'static str, JournalError)> {
    let stream = StreamId::new("account", "alice").unwrap();
    let append = match store.append(append()).await {
        Err(AppendError::Journal(error)) => error,
        other => panic!("{other:?}"),
    };
    vec![
        ("append", append),
        ("read_stream", store.read_stream(&stream, 1..=9, PageSize::default()).await.unwrap_err()),
        ("read_all", store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap_err()),
        ("version", store.version(&stream).await.unwrap_err()),
        ("head", store.head().await.unwrap_err()),
        ("wait", store.wait(Position::START).await.unwrap_err()),
        ("held_back", store.held_back().await.unwrap_err()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_an_error_that_passes() {
    let node = Node::start().unwrap();
    // One connection writes, so that one append finds out that it is gone.
    let store = PostgresStore::builder().writers(1).connect_with(node.options()).await.unwrap();
    for round in 0..3 {
        // With connections that were used before, and with none.
        if round > 0 {
            store.append(append()).await.unwrap();
            store.head().await.unwrap();
        }
        node.kill().unwrap();
        // What was on its way when the server went is not known; this finds out that it is away.
        let _ = store.append(append()).await;
        for (asked, error) in ask(&store).await {
            let text = error.to_string();
            assert!(error.is_transient(), "{asked}: {text}");
            assert!(text.starts_with("schema `es` of database `postgres` at 127.0.0.1:"), "{asked}: {text}");
            assert_eq!(text.matches("cannot be used just now").count(), 1, "{asked}: {text}");
            assert!(text.ends_with("; try again"), "{asked}: {text}");
        }
        let refused = PostgresStore::builder().connect_with(node.options()).await.unwrap_err();
        assert!(refused.is_transient(), "{refused}");
        node.restart().unwrap();
    }
    store.append(append()).await.unwrap();
}

#[tokio::test]
async fn what_no_second_try_can_change_is_not_an_error_that_passes() {
    let server = Server::shared();
    let database = server.database();
    let options = database.options();
    let connect = async |options| PostgresStore::builder().connect_with(options).await.unwrap_err();
    let denied = connect(options.clone().password("wrong")).await;
    assert!(matches!(denied, ConnectError::Denied { .. }) && !denied.is_transient(), "{denied}");
    let unsuitable = connect(options.clone().database("no such database")).await;
    assert!(matches!(unsuitable, ConnectError::Unsuitable { .. }) && !unsuitable.is_transient(), "{unsuitable}");
    let tls = connect(options.clone().ssl_mode(sqlx::postgres::PgSslMode::Require)).await;
    assert!(!tls.is_transient(), "{tls}");
    let address = PostgresStore::connect("postgres//bank").await.unwrap_err();
    assert!(matches!(address, ConnectError::Address { .. }) && !address.is_transient(), "{address}");
    for error in [denied, unsuitable, tls, address] {
        println!("{error}");
    }
}

#[tokio::test]
async fn a_user_that_is_refused_later_is_not_told_to_try_again() {
    let node = Node::start().unwrap();
    node.sql("CREATE ROLE bank LOGIN PASSWORD 'bank'; GRANT CREATE ON DATABASE postgres TO bank").unwrap();
    let options = node.options().username("bank").password("bank");
    let store = PostgresStore::builder().writers(1).connect_with(options).await.unwrap();
    store.append(append()).await.unwrap();
    node.sql("ALTER ROLE bank PASSWORD 'another'").unwrap();
    node.terminate_backends().unwrap();
    // What was on its way is not known.
    let _ = store.append(append()).await;
    for (asked, error) in ask(&store).await {
        assert!(!error.is_transient(), "{asked}: {error}");
        println!("{asked}: {error}");
    }
}
