//! Commands and loads on journals of different sizes.

use std::hint::black_box;

use es_core::prelude::*;
use es_core::{Journal, SnapshotStore};

use crate::domain::{Account, account};
use crate::measure::{Effort, Slice};

/// How many streams a journal of so many events has.
pub(crate) fn streams(events: u64) -> u64 {
    events / EVENTS_PER_STREAM
}

pub(crate) const EVENTS_PER_STREAM: u64 = 10;

/// From how many events on a journal is filled once, or the largest if that is smaller: the commands of a measurement do not add much to it.
pub(crate) const KEPT: u64 = 1_000_000;

/// Streams in no order: each is as likely as the next one, wherever it is in the journal.
pub(crate) fn anywhere(streams: u64) -> impl FnMut() -> u64 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % streams
    }
}

/// Loads of accounts whose states nobody has at hand, one after the other.
pub(crate) async fn loads<S>(store: S, events: u64, effort: Effort) -> f64
where
    S: Journal + SnapshotStore + Clone,
{
    let client = async move {
        let accounts = Repository::<Account, _>::builder(&store).cache(0).build();
        let mut next = anywhere(streams(events));
        let mut slice = Slice::new(effort.slice);
        while slice.goes_on() {
            let loaded = accounts.load(account(next())).await.expect("it loads");
            assert!(loaded.version >= EVENTS_PER_STREAM);
            black_box(loaded);
        }
        slice.rate()
    };
    tokio::spawn(client).await.expect("the client ends")
}
