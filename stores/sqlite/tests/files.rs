//! What may be in the place of a journal's file: each is an error that says what, and nothing is changed.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{account, append, events, payloads, place, this_test, to};
use es_core::{AppendError, ExpectedVersion, Journal, JournalError};
use es_sqlite::{Commits, OpenError, SqliteStore};
use rusqlite::Connection;

async fn error(path: &Path) -> OpenError {
    let error = SqliteStore::builder().busy_timeout(Duration::from_millis(50)).open(path).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()), "the path is not in: {text}");
    error
}

/// A journal with three events in the stream `alice`.
async fn journal() -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, &account("alice"), events(3)).await;
    store.close().await;
    (folder, path)
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_file() {
    let (folder, _) = place();
    assert!(matches!(error(folder.path()).await, OpenError::NotAFile { .. }));
    #[cfg(unix)]
    assert!(matches!(error(Path::new("/dev/null")).await, OpenError::NotAFile { .. }));
}

#[tokio::test]
async fn a_folder_that_does_not_exist() {
    let (folder, path) = place();
    let missing = folder.path().join("missing");
    match error(&missing.join("journal.db")).await {
        OpenError::NoFolder { folder, .. } => assert_eq!(folder, missing),
        other => panic!("{other}"),
    }
    fs::write(&path, "").unwrap();
    assert!(matches!(error(&path.join("journal.db")).await, OpenError::NoFolder { .. }));
}

#[tokio::test]
async fn a_file_that_is_not_to_be_created() {
    let (_folder, path) = place();
    let error = SqliteStore::builder().create(false).open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let (_folder, path) = place();
    for content in ["hello", "SQLite format 3\0", &"no database ".repeat(1_000)] {
        fs::write(&path, content).unwrap();
        let error = error(&path).await;
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content.as_bytes());
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_journal() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, &account("alice"), events(1)).await;
}

#[tokio::test]
async fn a_database_of_another_application() {
    let (_folder, path) = place();
    for sql in ["CREATE TABLE events (position INTEGER)", "PRAGMA application_id = 252006673; PRAGMA user_version = 1"]
    {
        let _ = fs::remove_file(&path);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let error = error(&path).await;
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_journal_of_a_newer_version() {
    let (_folder, path) = journal().await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    let before = fs::read(&path).unwrap();
    let error = error(&path).await;
    assert!(matches!(error, OpenError::Newer { found: 1_000, known: 2.., .. }), "{error}");
    assert!(error.to_string().contains("use a newer es-sqlite"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_journal_that_is_damaged() {
    for sql in ["PRAGMA user_version = 0", "DELETE FROM meta", "UPDATE meta SET value = 'x'"] {
        let (_folder, path) = journal().await;
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let error = error(&path).await;
        assert!(matches!(error, OpenError::Damaged { .. }), "{sql}: {error}");
    }
    let (_folder, path) = journal().await;
    let bytes = fs::read(&path).unwrap();
    // The first page holds where the tables are.
    let overwritten = [&bytes[..100], &vec![0xa5; 3_996], &bytes[4_096..]].concat();
    fs::write(&path, &overwritten).unwrap();
    let error = error(&path).await;
    assert!(matches!(error, OpenError::Damaged { .. } | OpenError::NotADatabase { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), overwritten);
}

#[tokio::test]
async fn a_file_that_another_program_does_not_let_go() {
    let (_folder, path) = journal().await;
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let error = error(&path).await;
    assert!(matches!(error, OpenError::Busy { .. }), "{error}");
    drop(holder);
    assert_eq!(payloads(&SqliteStore::open(&path).await.unwrap(), &account("alice")).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_program_that_writes_for_too_long_makes_appends_busy_and_nothing_else() {
    let (_folder, path) = journal().await;
    let store = SqliteStore::builder().busy_timeout(Duration::from_millis(50)).open(&path).await.unwrap();
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut appends = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        appends.spawn(async move { store.append(to(&account("alice"), ExpectedVersion::Any, events(1))).await });
    }
    for result in appends.join_all().await {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, AppendError::Journal(busy @ JournalError::Busy { .. }) if busy.is_transient()),
            "{error}"
        );
    }
    assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 3);
    holder.execute_batch("ROLLBACK").unwrap();
    append(&store, &account("alice"), events(1)).await;
    assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 4);
}

/// What is acknowledged is in the file that has the name: nobody would find it elsewhere.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_deleted_moved_or_replaced_while_it_is_open_takes_no_more_events() {
    type Away = fn(&Path);
    let ways: [(&str, Away); 3] = [
        ("deleted", |path| fs::remove_file(path).unwrap()),
        ("moved", |path| fs::rename(path, path.with_extension("moved")).unwrap()),
        ("replaced", |path| {
            fs::copy(path, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        }),
    ];
    for (way, away) in ways {
        for commits in [Commits::Adaptive, Commits::OnOwnThread] {
            let (_folder, path) = journal().await;
            let store = SqliteStore::builder().commits(commits).open(&path).await.unwrap();
            append(&store, &account("alice"), events(1)).await;
            fs::hard_link(&path, path.with_extension("kept")).unwrap();
            away(&path);
            for _ in 0..2 {
                let appended = store.append(to(&account("alice"), ExpectedVersion::Any, events(1))).await;
                match appended {
                    Err(AppendError::Journal(error @ JournalError::Failed { .. })) => {
                        let cause = std::error::Error::source(&error).unwrap().to_string();
                        assert!(cause.contains("deleted, moved or replaced"), "{way}: {cause}");
                        assert!(!error.is_transient());
                    }
                    other => panic!("{way}: {other:?}"),
                }
            }
            // Put back, it goes on.
            fs::rename(path.with_extension("kept"), &path).unwrap();
            append(&store, &account("alice"), events(1)).await;
            assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 5, "{way}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_may_lead_elsewhere_while_the_file_that_it_led_to_is_open() {
    let (folder, path) = journal().await;
    let link = folder.path().join("current.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = SqliteStore::open(&link).await.unwrap();
    fs::remove_file(&link).unwrap();
    append(&store, &account("alice"), events(1)).await;
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 4);
}

#[tokio::test]
async fn files_have_no_names_that_mean_something_else() {
    let folder = tempfile::TempDir::new().unwrap();
    for name in [":memory:", "file:x?mode=memory", "a b%20c#d?e.db", "\u{e9}.db"] {
        let path = folder.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        append(&store, &account("alice"), events(1)).await;
        store.close().await;
        assert!(path.is_file(), "{name}");
    }
}

#[tokio::test]
async fn two_programs_create_one_file_at_the_same_time() {
    for _ in 0..20 {
        let (_folder, path) = place();
        let opening: Vec<_> = (0..4).map(|_| tokio::spawn(SqliteStore::open(path.clone()))).collect();
        let mut ids = Vec::new();
        for store in opening {
            let store = store.await.unwrap().unwrap();
            append(&store, &account("alice"), events(1)).await;
            ids.push(store.id());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }
}

const FILE: &str = "ES_FILE";

/// Runs the test `name` as a user who is not root, on a file that is theirs to read only.
#[cfg(unix)]
fn as_nobody(name: &str, path: &Path) {
    use std::os::unix::process::CommandExt;

    let mut command = this_test(name);
    // Root may do everything. Whoever runs this as somebody else has fewer rights already.
    if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        // A copy, since the folder of the program may be closed to others.
        let program = tempfile::Builder::new().prefix("es-sqlite-").tempdir().unwrap();
        open_to_all(program.path(), 0o755);
        let copy = program.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = std::process::Command::new(copy);
        command.args(args).uid(65_534).gid(65_534).current_dir("/");
        run(command, name, path);
    } else {
        run(command, name, path);
    }
}

#[cfg(unix)]
fn run(mut command: std::process::Command, name: &str, path: &Path) {
    let output = command.env(FILE, path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{name}: {text}");
    assert!(text.contains("in the other process"), "{name} did nothing: {text}");
}

#[cfg(unix)]
fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_can_only_be_read_is_opened_for_reading() {
    if let Ok(path) = std::env::var(FILE) {
        println!("in the other process");
        let store = SqliteStore::open(path).await.unwrap();
        assert_eq!(payloads(&store, &account("alice")).await.unwrap(), ["1", "2", "3"]);
        let error = store.append(to(&account("alice"), ExpectedVersion::Any, events(1))).await.unwrap_err();
        assert!(matches!(error, AppendError::Journal(JournalError::ReadOnly { .. })), "{error}");
        assert_eq!(payloads(&store, &account("alice")).await.unwrap(), ["1", "2", "3"]);
        return;
    }
    let (folder, path) = journal().await;
    open_to_all(folder.path(), 0o777);
    open_to_all(&path, 0o444);
    as_nobody("a_file_that_can_only_be_read_is_opened_for_reading", &path);
}

#[cfg(unix)]
#[tokio::test]
async fn an_empty_file_that_can_only_be_read_cannot_become_a_journal() {
    if let Ok(path) = std::env::var(FILE) {
        println!("in the other process");
        let error = error(Path::new(&path)).await;
        assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
        return;
    }
    let (folder, path) = place();
    fs::write(&path, "").unwrap();
    open_to_all(folder.path(), 0o777);
    open_to_all(&path, 0o444);
    as_nobody("an_empty_file_that_can_only_be_read_cannot_become_a_journal", &path);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_read_and_a_folder_that_cannot_be_written() {
    if let Ok(path) = std::env::var(FILE) {
        println!("in the other process");
        let path = Path::new(&path);
        for path in [path.to_owned(), path.with_file_name("new.db"), path.with_file_name("closed").join("x.db")] {
            let error = error(&path).await;
            assert!(matches!(error, OpenError::Denied { .. }), "{error:?}");
        }
        return;
    }
    let (folder, path) = journal().await;
    fs::create_dir(path.with_file_name("closed")).unwrap();
    open_to_all(&path.with_file_name("closed"), 0o000);
    open_to_all(&path, 0o000);
    open_to_all(folder.path(), 0o555);
    as_nobody("a_file_that_cannot_be_read_and_a_folder_that_cannot_be_written", &path);
    open_to_all(folder.path(), 0o777);
    open_to_all(&path.with_file_name("closed"), 0o777);
}
