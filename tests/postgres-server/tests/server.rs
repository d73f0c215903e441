//! The server of one's own: it does what tests of failures need, and it goes away.
#![allow(missing_docs, reason = "a test")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use es_postgres_server::{Cut, Node, Proxy, Server};
use sqlx::{Connection as _, PgConnection, Row as _};

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn count(url: &str) -> i64 {
    sqlx::query("SELECT count(*) FROM numbers").fetch_one(&mut connect(url).await).await.unwrap().get(0)
}

const CREATE: &str = "CREATE TABLE numbers (number bigint PRIMARY KEY)";

#[tokio::test]
async fn each_database_is_empty_and_apart_from_the_others() {
    let databases = [Server::shared().database(), Server::shared().database()];
    for database in &databases {
        let mut connection = connect(&database.url()).await;
        sqlx::query(CREATE).execute(&mut connection).await.unwrap();
        let fsync: String = sqlx::query("SHOW fsync").fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(fsync, "on");
    }
}

#[tokio::test]
async fn a_node_that_is_killed_has_what_was_committed_when_it_is_started_again() {
    let node = Node::start().unwrap();
    node.sql(CREATE).unwrap();
    for round in 0..3 {
        node.sql(&format!("INSERT INTO numbers VALUES ({round})")).unwrap();
        let mut open = PgConnection::connect_with(&node.options()).await.unwrap();
        node.kill().unwrap();
        assert!(sqlx::query("SELECT 1").execute(&mut open).await.is_err());
        node.restart().unwrap();
        let rows = node.sql("SELECT count(*) FROM numbers").unwrap();
        assert_eq!(rows[0].get::<i64, _>(0), round + 1);
    }
    let _open = PgConnection::connect_with(&node.options()).await.unwrap();
    assert_eq!(node.terminate_backends().unwrap(), 1);
}

#[test]
fn a_standby_that_takes_over_has_what_was_committed() {
    let mut primary = Node::start().unwrap();
    primary.sql(CREATE).unwrap();
    for round in 0..2 {
        let standby = primary.standby().unwrap();
        primary.sql(&format!("INSERT INTO numbers VALUES ({round})")).unwrap();
        primary.kill().unwrap();
        standby.promote().unwrap();
        primary = standby;
        let rows = primary.sql("SELECT count(*) FROM numbers").unwrap();
        assert_eq!(rows[0].get::<i64, _>(0), round + 1);
    }
    primary.sql("INSERT INTO numbers VALUES (7)").unwrap();
}

#[tokio::test]
async fn a_connection_is_cut_at_the_moment_that_was_chosen() {
    let database = Server::shared().database();
    let proxy = Proxy::start(address(&database.url())).unwrap();
    let (direct, through) = (database.url(), database.url_through(&proxy));
    sqlx::query(CREATE).execute(&mut connect(&direct).await).await.unwrap();
    for (cut, rows) in [(Cut::Unsent, 0), (Cut::Answered, 1)] {
        let mut connection = connect(&through).await;
        sqlx::query("SELECT count(*) FROM numbers").execute(&mut connection).await.unwrap();
        proxy.cut_at(cut, |sql| sql.starts_with("INSERT"));
        sqlx::query("SELECT 1").execute(&mut connection).await.unwrap();
        let result = sqlx::query("INSERT INTO numbers VALUES ($1)").bind(1_i64).execute(&mut connection).await;
        assert!(result.is_err(), "{cut:?}");
        assert!(!proxy.is_armed());
        assert_eq!(count(&direct).await, rows, "{cut:?}");
    }
    let mut connection = connect(&through).await;
    proxy.cut_at(Cut::Answered, |sql| sql == "COMMIT");
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query("INSERT INTO numbers VALUES (2)").execute(&mut *transaction).await.unwrap();
    assert!(transaction.commit().await.is_err());
    assert_eq!(count(&direct).await, 2);
    let mut connection = connect(&through).await;
    proxy.cut_at(Cut::Sent, |sql| sql.contains("pg_sleep"));
    assert!(sqlx::query("SELECT pg_sleep(60)").execute(&mut connection).await.is_err());
    assert_eq!(proxy.cuts(), 4);
}

#[tokio::test]
async fn nothing_passes_a_proxy_that_is_stalled() {
    let database = Server::shared().database();
    let proxy = Proxy::start(address(&database.url())).unwrap();
    let mut connection = connect(&database.url_through(&proxy)).await;
    proxy.stall();
    let mut query = Box::pin(sqlx::query("SELECT 1").execute(&mut connection));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut query).await.is_err());
    proxy.resume();
    query.await.unwrap();
    assert_eq!(proxy.cut_all(), 1);
    assert!(sqlx::query("SELECT 1").execute(&mut connection).await.is_err());
}

/// Run by the test below in a process of its own.
#[test]
fn a_program_with_a_server() {
    if std::env::var_os("ES_SERVER_CHILD").is_none() {
        return;
    }
    let node = Node::start().unwrap();
    let rows = node.sql("SELECT current_setting('data_directory')").unwrap();
    println!("data {}", rows[0].get::<String, _>(0));
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_server_ends_with_its_program_also_when_that_is_killed() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["a_program_with_a_server", "--exact", "--nocapture"]).env("ES_SERVER_CHILD", "1");
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The harness's own words may stand before it.
    let data = lines.find_map(|line| Some(line.split_once("data ")?.1.to_owned())).unwrap();
    let folder = Path::new(&data).parent().unwrap();
    assert!(folder.join("data/postmaster.pid").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    while folder.exists() {
        assert!(began.elapsed() < Duration::from_mins(1), "{data} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn address(url: &str) -> std::net::SocketAddr {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap()
}
