//! The server of one's own: it does what tests of failures need, and it goes away.
#![allow(missing_docs, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use es_postgres_server::{Cut, Node, Proxy, Server};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

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

/// The test of this name in a process of its own, which runs it with the argument.
fn child(test: &str, argument: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([test, "--exact", "--nocapture"]).env(CHILD, argument).stdout(Stdio::piped());
    child
}

const CHILD: &str = "ES_SERVER_CHILD";

/// Starts a child, and gives what it says after `word`.
fn said(child: &mut Command, word: &str) -> (Child, String) {
    let mut child = child.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The harness's own words may stand before it.
    let said = lines.find_map(|line| Some(line.split_once(word)?.1.trim().to_owned()));
    (child, said.expect("the child says what it has"))
}

fn wait_until_gone(path: &Path) {
    let began = Instant::now();
    while path.exists() {
        assert!(began.elapsed() < Duration::from_mins(1), "{} is still there", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Run by the tests below in a process of its own.
#[test]
fn a_program_with_a_server() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let node = Node::start().unwrap();
    println!("data {}", data(&node));
    std::thread::sleep(Duration::from_mins(1));
}

fn data(node: &Node) -> String {
    node.sql("SELECT current_setting('data_directory')").unwrap()[0].get(0)
}

#[test]
fn a_server_ends_with_its_program_also_when_that_is_killed() {
    let (mut child, data) = said(&mut child("a_program_with_a_server", "1"), "data ");
    let folder = Path::new(&data).parent().unwrap();
    assert!(folder.join("data/postmaster.pid").exists());
    let memory = memory(Path::new(&data));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until_gone(folder);
    assert!(!is_there(memory));
}

#[test]
fn a_server_finds_its_way_through_folders_that_nobody_else_may_read() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("umask-{}", std::process::id()));
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
    let program = target.join("program");
    let this = std::env::current_exe().unwrap();
    fs::hard_link(&this, &program).or_else(|_| fs::copy(&this, &program).map(drop)).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 077; exec \"$0\" a_program_with_a_server --exact --nocapture"]).arg(&program);
    let (mut child, data) = said(shell.env(CHILD, "1").stdout(Stdio::piped()), "data ");
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until_gone(Path::new(&data).parent().unwrap());
    let is_below = Path::new(&data).starts_with(target.canonicalize().unwrap());
    fs::remove_dir_all(&target).unwrap();
    assert!(is_below, "{data} is not below {}", target.display());
}

/// The shared memory of a server, by key and id.
fn memory(data: &Path) -> Option<(i64, i64)> {
    let noted = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let mut numbers = noted.lines().nth(6)?.split_whitespace().map(|number| number.parse().unwrap());
    Some((numbers.next()?, numbers.next()?))
}

/// Whether the shared memory is still there. Only Linux shows it.
fn is_there(memory: Option<(i64, i64)>) -> bool {
    let all = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    all.lines().skip(1).any(|line| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<i64>().unwrap());
        let key = numbers.next().map(|key| key.rem_euclid(1 << 32));
        memory == key.zip(numbers.next())
    })
}

#[test]
fn a_server_that_was_killed_leaves_no_shared_memory_behind() {
    let node = Node::start().unwrap();
    let first = memory(Path::new(&data(&node)));
    node.kill().unwrap();
    node.restart().unwrap();
    let second = memory(Path::new(&data(&node)));
    if Path::new("/proc/sysvipc/shm").exists() {
        assert!(second.is_some() && is_there(second));
    }
    node.kill().unwrap();
    drop(node);
    assert!(!is_there(first) && !is_there(second));
}

/// Run by the test below in a process of its own, on the server that the environment names.
#[test]
fn a_program_with_a_database() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let database = Server::shared().database();
    println!("database {}", database.options().get_database().unwrap());
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn databases_on_a_server_of_others_are_dropped_once_their_process_is_gone_and_not_before() {
    let node = Node::start().unwrap();
    let url = node.options().to_url_lossy().to_string();
    let start = || said(child("a_program_with_a_database", "1").env("ES_POSTGRES_URL", &url), "database ");
    let end = |(mut child, _): (Child, String)| {
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let there = || {
        let rows = node.sql("SELECT datname::text FROM pg_database WHERE datname LIKE 'es%' ORDER BY 1").unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    node.sql("CREATE DATABASE es_test_of_somebody").unwrap();
    let (first, second) = (start(), start());
    let (first_name, second_name) = (first.1.clone(), second.1.clone());
    assert!(there().contains(&first_name) && there().contains(&second_name));
    end(first);
    // The server notices that its client has gone.
    let third = loop {
        let third = start();
        if !there().contains(&first_name) {
            break third;
        }
        end(third);
    };
    assert!(there().contains(&second_name) && there().contains(&third.1));
    assert!(there().contains(&"es_test_of_somebody".to_owned()));
    end(second);
    end(third);
}

fn address(url: &str) -> std::net::SocketAddr {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap()
}
