//! Views that are kept up with the appends themselves: they see events as they are today, and skip none.

use es_core::prelude::*;
use es_core::{AppendError, ExecuteError};
use es_sqlite::{SqliteStore, SqliteTx};

use crate::renamed::{Account, Deposited, Withdraw, Withdrawn};
use crate::rolling::{new, old};
use crate::{append, open};

/// A line for each event that it sees.
macro_rules! lines {
    ($view:ident, $name:literal, $($event:path: $amount:ident),*) => {
        #[derive(Projection, Default)]
        #[projection(name = $name, store = SqliteStore, events($($event),*))]
        struct $view;

        impl ReadModel for $view {
            async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
                Ok(tx.execute_batch("CREATE TABLE lines (version INTEGER, event_index INTEGER, amount INTEGER)")?)
            }

            async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
                Ok(tx.execute_batch("DROP TABLE IF EXISTS lines")?)
            }
        }

        $(
            impl Project<$event> for $view {
                async fn project(&mut self, recorded: &Recorded<$event>, tx: &mut SqliteTx) -> Projected {
                    let version = i64::try_from(recorded.version)?;
                    let amount = i64::try_from(recorded.event.$amount)?;
                    tx.execute("INSERT INTO lines VALUES (?1, ?2, ?3)", (version, recorded.index, amount))?;
                    Ok(())
                }
            }
        )*
    };
}

lines!(Lines, "lines", Deposited: amount, Withdrawn: amount);
lines!(OldLines, "old_lines", old::Increased: by);

async fn lines(store: &SqliteStore) -> Vec<(i64, u32, i64)> {
    let lines = store.read(|db| {
        let mut query = db.prepare("SELECT version, event_index, amount FROM lines ORDER BY rowid")?;
        query.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    });
    lines.await.unwrap()
}

#[tokio::test]
async fn older_names_and_retired_events_are_in_it_with_the_append() {
    let (_folder, store) = open().await;
    append(&store, "paid in", 1, br#"{"value":100}"#).await;
    append(&store, "swapped", 3, br#"{"out":1,"back":2}"#).await;
    let accounts = Repository::<Account, _>::new(&store).inline(Lines).await.unwrap();
    append(&store, "looked at", 1, b"null").await;
    append(&store, "exchanged", 1, br#"{"given":5}"#).await;
    append(&store, "taken out", 1, br#"{"amount":7}"#).await;
    append(&store, "exchanged", 3, br#"{"out":3,"back":4}"#).await;
    let outcome = accounts.execute("alice", Withdraw { amount: 8 }).await.unwrap();
    assert_eq!(outcome.state.balance, 100 - 1 + 2 - 5 - 7 - 3 + 4 - 8);
    assert_eq!(
        lines(&store).await,
        [(1, 0, 100), (2, 0, 1), (2, 1, 2), (4, 0, 5), (5, 0, 7), (6, 0, 3), (6, 1, 4), (7, 0, 8)]
    );
}

#[tokio::test]
async fn a_newer_version_is_not_taken_by_the_view_of_an_older_release() {
    let (_folder, store) = open().await;
    let accounts = Repository::<old::Account, _>::new(&store).inline(OldLines).await.unwrap();
    accounts.execute("alice", old::Increase { by: 1 }).await.unwrap();
    let newer = Repository::<new::Account, _>::new(&store);
    let error = newer.execute("alice", new::Increase { by: 2 }).await.unwrap_err();
    let ExecuteError::Append(AppendError::View { view, .. }) = &error else { panic!("{error}") };
    assert_eq!(view, "old_lines");
    let says = "event `increased` has version 2 in the journal, but this program knows only version 1";
    assert!(error.to_string().ends_with(says), "{error}");
    assert_eq!(lines(&store).await, [(1, 0, 1)], "the view and the journal are the same still");
    assert_eq!(newer.load("alice").await.unwrap().version, 1);
}
