//! What the program does that is killed: it opens accounts, asks for transfers, and runs the process. Run again it does what is
//! left of that.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{ExecuteError, SnapshotStore};
use es_sqlite::SqliteStore;

use crate::account::{Account, Deposit, Withdraw};
use crate::killing::{Fuse, Killing};
use crate::process::Transfers;
use crate::transfer::{Confirm, Request, Step, Transfer};

pub const ACCOUNTS: [(&str, u64); 5] = [("alice", 1_000), ("bob", 950), ("carol", 0), ("dave", 0), ("erin", 900)];
pub const TRANSFERS: [(&str, &str, &str, u64); 5] = [
    ("t-1", "alice", "bob", 30),
    // Refused, for as long as bob has as much.
    ("t-2", "alice", "bob", 100),
    ("t-3", "carol", "bob", 10),
    ("t-4", "alice", "carol", 600),
    ("t-5", "erin", "dave", 700),
];
/// What bob takes out after the program was killed: what was refused would be accepted now.
pub const MAKES_ROOM: u64 = 500;

/// Opens the file, at a time that the test sets.
pub async fn open(path: &Path, minutes: u64) -> SqliteStore {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH + Duration::from_mins(minutes));
    SqliteStore::builder().clock(Arc::new(clock)).open(path).await.unwrap()
}

/// The whole of it.
pub async fn run(path: &Path, fuse: &Arc<Fuse>) {
    let (store, fuse) = (open(path, 0).await, Arc::clone(fuse));
    let killing = Killing { store, fuse };
    let accounts = Repository::<Account, _>::new(&killing);
    let transfers = Repository::<Transfer, _>::new(&killing);
    for (account, amount) in ACCOUNTS.iter().filter(|(_, amount)| *amount > 0) {
        let deposit = Deposit { amount: *amount };
        accounts.execute(*account, deposit).command_id(CommandId::from_name(account)).await.unwrap();
    }
    for (id, from, to, amount) in TRANSFERS {
        let request = Request { from: from.into(), to: to.into(), amount };
        transfers.execute(id, request).command_id(CommandId::from_name(id)).await.unwrap();
    }
    let mut process = Reactor::from_start(&killing, &killing, Transfers);
    process.run_until_idle().await.unwrap();
    if transfers.load("t-5").await.unwrap().state.step == Step::Taken {
        transfers.execute("t-5", Confirm).await.unwrap();
    }
    process.run_until_idle().await.unwrap();
    drop((process, accounts, transfers));
    killing.store.close().await;
    let killing = Killing { store: open(path, 2).await, fuse: killing.fuse };
    Reactor::from_start(&killing, &killing, Transfers).run_until_idle().await.unwrap();
    killing.store.close().await;
}

/// Has bob take something out, if he has as much, once.
pub async fn make_room<S: Journal + SnapshotStore + Clone>(store: &S) {
    let accounts = Repository::<Account, _>::new(store);
    let withdraw = Withdraw { amount: MAKES_ROOM };
    match accounts.execute("bob", withdraw).command_id(CommandId::from_name("makes room")).await {
        Ok(_) | Err(ExecuteError::Rejected(_)) => {}
        Err(error) => panic!("{error}"),
    }
}
