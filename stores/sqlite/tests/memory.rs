//! A journal much larger than the memory that there is: replayed, copied and projected by a process under a limit.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{account, event, place, soak, this_test, to};
use es_core::prelude::*;
use es_core::{ExpectedVersion, Filter, Journal, JournalCopy, NewEvent, PageSize};
use es_sqlite::{Durability, SqliteStore, SqliteTx};
use serde::{Deserialize, Serialize};

const WORK: &str = "ES_MEMORY_WORK";
const FILE: &str = "ES_MEMORY_FILE";

/// What a process may take beyond what it takes for an empty journal.
const BOUND: u64 = 64 * 1024 * 1024;
const CACHE: usize = 8 * 1024 * 1024;
const EVENT: usize = 1_500;

#[derive(Command, Debug, Clone)]
struct Note;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "noted")]
struct Noted {
    number: i64,
    text: String,
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(name = "account", commands(Note), events(Noted), error = Never)]
struct Account {
    #[apply(Noted => self.sum + event.number)]
    sum: i64,
}

impl Handle<Note> for Account {
    fn handle(&self, _: Note, _: &Context) -> Decision<Self> {
        accept(())
    }
}

#[derive(Projection, Default)]
#[projection(name = "notes", version = 1, store = SqliteStore, events(Noted))]
struct Notes;

impl ReadModel for Notes {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch("CREATE TABLE notes (account TEXT PRIMARY KEY, sum INTEGER NOT NULL) STRICT")?)
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch("DROP TABLE IF EXISTS notes")?)
    }
}

impl Project<Noted> for Notes {
    async fn project(&mut self, recorded: &Recorded<Noted>, tx: &mut SqliteTx) -> Projected {
        let sql = "INSERT INTO notes VALUES (?1, ?2) ON CONFLICT DO UPDATE SET sum = sum + ?2";
        tx.prepare_cached(sql)?.execute((recorded.stream.id(), recorded.event.number))?;
        Ok(())
    }
}

fn length() -> u64 {
    if soak() { 10_000_000 } else { 70_000 }
}

fn sum() -> i64 {
    i64::try_from(length() * (length() + 1) / 2).unwrap()
}

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::builder().durability(Durability::Relaxed).cache_bytes(CACHE).readers(1).open(path).await.unwrap()
}

/// Writes one stream of many events.
async fn fill(path: &Path) {
    let store = open(path).await;
    let text = "x".repeat(EVENT);
    let numbers: Vec<u64> = (1..=length()).collect();
    for numbers in numbers.chunks(500) {
        let noted = |number: &u64| event(format!(r#"{{"number":{number},"text":"{text}"}}"#));
        let events: Vec<NewEvent> = numbers.iter().map(noted).collect();
        store.append(to(&account("one"), ExpectedVersion::Any, events)).await.unwrap();
    }
    store.close().await;
}

/// The process under the limit: does one thing, and says how much memory it took.
#[test]
fn works_under_a_limit() {
    let (Ok(work), Ok(path)) = (std::env::var(WORK), std::env::var(FILE)) else { return };
    let path = PathBuf::from(path);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(&path).await;
        match &*work {
            "replay" => {
                let loaded = Repository::<Account, _>::new(&store).load("one").await.unwrap();
                assert_eq!((loaded.version, loaded.state.sum), (length(), sum()));
            }
            "history" => {
                let mut history = Repository::<Account, _>::new(&store).history("one").pages();
                let mut count = 0;
                while let Some(page) = history.next().await.unwrap() {
                    count += page.len() as u64;
                }
                assert_eq!(count, length());
            }
            "copy" => {
                let copy = open(&path.with_file_name("copy.db")).await;
                let copied = JournalCopy::new(&store, &copy).run().await.unwrap();
                assert_eq!(copied.events, length());
            }
            "project" => {
                Projector::new(&store, &store, Notes).run_to_head().await.unwrap();
                let found =
                    store.read(|db| db.query_row("SELECT sum FROM notes", (), |row| row.get::<_, i64>(0))).await;
                assert_eq!(found.unwrap(), sum());
            }
            "hold everything" => {
                let (mut pages, mut after) = (Vec::new(), Position::START);
                loop {
                    let page = store.read_all(after, &Filter::all(), PageSize::default()).await.unwrap();
                    after = page.next();
                    let more = page.more();
                    pages.push(page);
                    if !more {
                        break;
                    }
                }
                assert_eq!(pages.iter().map(|page| page.len() as u64).sum::<u64>(), length());
            }
            _ => {
                // What all of the above has beside the journal: two open stores, and the code that runs.
                let copy = open(&path.with_file_name("copy.db")).await;
                JournalCopy::new(&store, &copy).run().await.unwrap();
                Projector::new(&store, &store, Notes).run_to_head().await.unwrap();
            }
        }
        store.close().await;
    });
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    println!("\npeak {}", peak.trim().trim_end_matches(" kB"));
}

/// Runs the process with at most `limit` bytes of address space.
fn under(limit: Option<u64>, work: &str, path: &Path) -> Output {
    let test = this_test("works_under_a_limit");
    let mut command = match limit {
        None => test,
        Some(bytes) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -v {} && exec \"$0\" \"$@\"", bytes / 1024)]);
            shell.arg(test.get_program()).args(test.get_args());
            shell
        }
    };
    // One heap for all threads: each further one reserves 64 MiB of addresses, which is no memory.
    command.env(WORK, work).env(FILE, path).env("MALLOC_ARENA_MAX", "1").env("RUST_BACKTRACE", "0");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn peak(output: &Output) -> u64 {
    let text = String::from_utf8_lossy(&output.stdout);
    let peak = text.lines().find_map(|line| line.strip_prefix("peak ")).unwrap_or_else(|| panic!("{output:?}"));
    peak.parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn a_journal_is_replayed_copied_and_projected_in_bounded_memory() {
    let (_empty_folder, empty) = place();
    let idle = peak(&under(None, "nothing", &empty));
    let (_folder, path) = place();
    fill(&path).await;
    let size = path.metadata().unwrap().len();
    assert!(size > BOUND + BOUND / 2, "a journal of {size} bytes is not much larger than {BOUND}");
    for work in ["replay", "history", "copy", "project"] {
        let output = under(Some(idle + BOUND), work, &path);
        assert!(output.status.success(), "{work}: {}", String::from_utf8_lossy(&output.stderr));
        println!(
            "{work}: {} KiB beyond the {} KiB of an empty journal",
            peak(&output).saturating_sub(idle) / 1024,
            idle / 1024
        );
    }
    let output = under(Some(idle + BOUND), "hold everything", &path);
    assert!(!output.status.success(), "the limit is none: {}", String::from_utf8_lossy(&output.stdout));
    println!("the journal has {} KiB", size / 1024);
}
