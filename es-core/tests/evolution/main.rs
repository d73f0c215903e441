//! Events and states that change, in journals that hold what programs of several releases wrote.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

#[cfg(feature = "postcard")]
mod formats;
mod log;
mod snapshots;

use es_core::MemoryStore;

/// The store of these tests, which run on others too.
pub type Store = MemoryStore;

/// An empty store, and what keeps it there.
pub async fn open() -> ((), Store) {
    ((), MemoryStore::new())
}
