//! The process is killed at every step that it takes, and runs again in a world that has changed.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use es_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::check::check;
use crate::killing::Fuse;
use crate::transfer::Step;
use crate::world::{make_room, open, run};

const FILE: &str = "ES_TRANSFER_FILE";
const KILL_AT: &str = "ES_TRANSFER_KILL_AT";
const FORGETS: &str = "ES_TRANSFER_FORGETS";

/// The process that is killed.
#[test]
fn runs_until_it_is_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    let kill_at = std::env::var(KILL_AT).map_or(u64::MAX, |step| step.parse().unwrap());
    let fuse = Fuse::new(kill_at, std::env::var_os(FORGETS).is_some());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(Path::new(&path), &fuse));
}

fn start(path: &Path, kill_at: Option<u64>, forgets: bool) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kills::runs_until_it_is_killed", "--test-threads=1"]).env(FILE, path);
    if let Some(step) = kill_at {
        command.env(KILL_AT, step.to_string());
    }
    if forgets {
        command.env(FORGETS, "1");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
}

/// Whether it was killed by the signal, and nothing else.
fn was_killed(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        assert!(status.success() || status.signal() == Some(9), "{status}");
    }
    !status.success()
}

/// Kills it at a step, changes the world, and runs it to its end; `None` where it has fewer steps.
async fn killed_at(step: u64, forgets: bool) -> Option<Result<Vec<Step>, String>> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bank.db");
    let killed = was_killed(start(&path, Some(step), forgets));
    if killed {
        let store: SqliteStore = open(&path, 0).await;
        make_room(&store).await;
        store.close().await;
        assert!(!was_killed(start(&path, None, false)), "it ends");
    }
    let store = open(&path, 2).await;
    let checked = check(&store).await;
    store.close().await;
    killed.then_some(checked)
}

#[tokio::test]
async fn money_is_neither_lost_nor_made_wherever_it_is_killed() {
    let (mut kills, mut transfers) = (0, 0);
    let mut second = [0, 0];
    for step in 0.. {
        let Some(checked) = killed_at(step, false).await else { break };
        let ends = checked.unwrap_or_else(|wrong| panic!("killed at step {step}: {wrong}"));
        assert_eq!((ends[0], ends[3], ends[4]), (Step::Completed, Step::Refunded, Step::Completed), "step {step}");
        second[usize::from(ends[1] == Step::Refunded)] += 1;
        transfers += ends.len();
        kills += 1;
    }
    let [completed, refunded] = second;
    println!(
        "{kills} kills, {transfers} transfers checked; the second one completed {completed} times, refunded {refunded}"
    );
    assert!(kills > 20 && second[0] > 0 && second[1] > 0);
}

#[tokio::test]
async fn it_is_killed_again_and_again_until_it_is_done() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bank.db");
    let mut kills = 0;
    // With each run it gets a little further.
    for step in (5..).step_by(7) {
        if !was_killed(start(&path, Some(step), false)) {
            break;
        }
        kills += 1;
        if kills == 5 {
            let store = open(&path, 0).await;
            make_room(&store).await;
            store.close().await;
        }
    }
    let store = open(&path, 2).await;
    let ends = check(&store).await.unwrap();
    println!("{kills} kills of one life, {} transfers checked: {ends:?}", ends.len());
    assert!(kills > 3);
}

#[tokio::test]
async fn the_check_finds_answers_that_are_forgotten() {
    let (mut kills, mut wrong) = (0, 0);
    for step in 0.. {
        let Some(checked) = killed_at(step, true).await else { break };
        kills += 1;
        wrong += u64::from(checked.is_err());
        if wrong == 1 {
            break;
        }
    }
    println!("{kills} kills until money was made");
    assert_eq!(wrong, 1);
}
