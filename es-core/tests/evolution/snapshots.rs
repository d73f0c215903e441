//! A snapshot of another shape, of another meaning or with damage costs a replay, and nothing else.

use es_core::prelude::*;
use es_core::{MemoryStore, Snapshot, SnapshotStore};

use crate::log;

/// An account whose state counts what is not in the shape `n` times: so a snapshot that was used shows.
macro_rules! account {
    (
        $module:ident counts $n:literal,
        snapshot($($snapshot:tt)*),
        currency $currency:tt
        $(, $(#[$attribute:meta])* $field:ident: $ty:ty)?
    ) => {
        mod $module {
            use std::collections::BTreeMap;

            use es_core::prelude::*;
            use serde::{Deserialize, Serialize};

            #[derive(Command, Debug, Clone)]
            pub struct Increase {
                pub by: u64,
            }

            #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
            #[event(name = "increased")]
            pub struct Increased {
                pub by: u64,
            }

            #[derive(Shape, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
            pub enum Currency $currency

            #[derive(Shape, Serialize, Deserialize, Debug, Clone, PartialEq)]
            pub struct Money {
                pub cents: u64,
                pub currency: Currency,
            }

            #[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
            #[aggregate(
                name = "account",
                commands(Increase),
                events(Increased),
                error = std::convert::Infallible,
                snapshot($($snapshot)*)
            )]
            pub struct Account {
                #[apply(Increased => self.sum + event.by * $n)]
                pub sum: u64,
                pub by_currency: BTreeMap<Currency, (u8, [Option<Money>; 1])>,
                $($(#[$attribute])* $field: $ty,)?
            }

            impl Handle<Increase> for Account {
                fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
                    accept(Increased { by: command.by })
                }
            }

            impl super::Sum for Account {
                fn sum(&self) -> u64 {
                    self.sum
                }
            }
        }
    };
}

trait Sum: Aggregate<Id = String> {
    fn sum(&self) -> u64;
}

account!(first counts 1, snapshot(every = 10, keep = 2), currency { Eur });
account!(same counts 100, snapshot(every = 20), currency { Eur });
account!(nested_changed counts 100, snapshot(every = 10), currency { Euro });
account!(nested_renamed counts 100, snapshot(every = 10), currency { #[serde(rename = "EUR")] Eur });
account!(grown counts 100, snapshot(every = 10), currency { Eur }, #[serde(default)] note: String);
account!(other_meaning counts 100, snapshot(every = 10, version = 2), currency { Eur });
account!(version_alone counts 10, snapshot(version = 2), currency { Eur });

/// A journal with `1 + 2 + 3` in the account of alice, and a snapshot at each version that `first` took.
async fn journal() -> MemoryStore {
    let store = MemoryStore::new();
    let accounts = Repository::<first::Account, _>::new(&store);
    for by in 1..=3 {
        accounts.execute("alice", first::Increase { by }).await.unwrap();
        accounts.snapshot("alice").await.unwrap();
    }
    store
}

async fn sum<A: Sum>(store: &MemoryStore) -> u64 {
    Repository::<A, _>::new(store).load("alice").await.unwrap().state.sum()
}

async fn snapshot(store: &MemoryStore, up_to: u64) -> Snapshot {
    let format = format!("json:{:016x}", first::Account::state_shape());
    let alice = StreamId::new("account", "alice").unwrap();
    store.load_snapshot(&alice, up_to, &format).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_snapshot_is_read_by_those_of_its_shape_alone() {
    log::listen();
    let store = journal().await;
    assert_eq!(sum::<same::Account>(&store).await, 6, "how many events apart they are is no part of the shape");
    assert_eq!(sum::<nested_changed::Account>(&store).await, 600);
    assert_eq!(sum::<nested_renamed::Account>(&store).await, 600);
    assert_eq!(sum::<grown::Account>(&store).await, 600);
    assert_eq!(sum::<other_meaning::Account>(&store).await, 600);
    assert_eq!(sum::<version_alone::Account>(&store).await, 60);
    assert_eq!(log::take(), [""; 0], "one of another shape is nothing to warn of");
}

#[tokio::test]
async fn the_version_of_snapshots_changes_with_their_meaning_alone() {
    let store = MemoryStore::new();
    let accounts = Repository::<other_meaning::Account, _>::new(&store);
    accounts.execute("alice", other_meaning::Increase { by: 1 }).await.unwrap();
    accounts.snapshot("alice").await.unwrap();
    assert_eq!(sum::<version_alone::Account>(&store).await, 100, "both have version 2");
    assert_eq!(version_alone::Account::SNAPSHOT, Some(es_core::SnapshotPolicy::new(100, 1)));
}

/// Two releases that run side by side, each with snapshots of its own shape.
#[tokio::test]
async fn releases_side_by_side_do_not_disturb_each_other() {
    let store = MemoryStore::new();
    let mut total = 0;
    for round in 1..=50 {
        let old = Repository::<first::Account, _>::new(&store);
        let new = Repository::<grown::Account, _>::new(&store);
        old.execute("alice", first::Increase { by: round }).await.unwrap();
        new.execute("alice", grown::Increase { by: round }).await.unwrap();
        old.snapshot("alice").await.unwrap();
        new.snapshot("alice").await.unwrap();
        total += 2 * round;
        assert_eq!((sum::<first::Account>(&store).await, sum::<grown::Account>(&store).await), (total, total * 100));
        let loaded = Repository::<first::Account, _>::new(&store).load("alice").at_version(round).await.unwrap();
        assert_eq!(loaded.version, round);
    }
}

#[tokio::test]
async fn a_damaged_snapshot_is_a_warning_and_the_one_before_it_is_used() {
    let store = journal().await;
    let good = snapshot(&store, 3).await;
    let state = String::from_utf8(good.payload.clone()).unwrap();
    assert!(state.ends_with(r#""state":{"sum":6,"by_currency":{}}}"#), "{state}");
    log::listen();
    let mut flipped = 0;
    for at in 0..good.payload.len() {
        let mut payload = good.payload.clone();
        // Still a text: most of these are JSON as well, and some of them a state.
        payload[at] ^= 1;
        store.save_snapshot(Snapshot { payload, ..good.clone() }).await.unwrap();
        // Of the version before there is one in order: 1 + 2, and 3 by those who count otherwise.
        assert_eq!(sum::<same::Account>(&store).await, 303, "byte {at}");
        let warnings = log::take();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0]
                .starts_with("WARN the snapshot of `account/alice` at version 3 is damaged; replaying the events")
                && warnings[0].contains("checksum"),
            "{warnings:?}"
        );
        flipped += 1;
    }
    println!("{flipped} bytes flipped");
    store.save_snapshot(good).await.unwrap();
    assert_eq!(sum::<same::Account>(&store).await, 6);
    assert_eq!(log::take(), [""; 0]);
}
