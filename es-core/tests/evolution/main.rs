//! Events and states that change, in journals that hold what programs of several releases wrote.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

#[cfg(feature = "postcard")]
mod formats;
mod log;
mod renamed;
mod rolling;
mod snapshots;

use es_core::{Append, EventId, ExpectedVersion, Journal, MemoryStore, NewEvent, StreamId};

/// The store of these tests, which run on others too.
pub(crate) type Store = MemoryStore;

/// An empty store, and what keeps it there.
pub(crate) async fn open() -> ((), Store) {
    ((), MemoryStore::new())
}

/// Appends to the account of alice what a program of another release wrote.
pub(crate) async fn append(store: &Store, name: &'static str, version: u32, json: &[u8]) {
    let event = NewEvent {
        id: EventId::new(),
        name: name.into(),
        version,
        format: "json".into(),
        payload: json.to_vec(),
        metadata: std::sync::Arc::default(),
    };
    let alice = StreamId::new("account", "alice").unwrap();
    store.append(Append::to_stream(alice, ExpectedVersion::Any, vec![event])).await.unwrap();
}
