//! The conformance suite on the store in memory.

use std::sync::Arc;

use es_core::testing::conformance::Harness;
use es_core::{Clock, MemoryStore};

struct InMemory;

impl Harness for InMemory {
    type Store = MemoryStore;

    async fn create() -> Self {
        Self
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> MemoryStore {
        MemoryStore::builder().clock(clock).build()
    }
}

es_core::testing::conformance!(InMemory);
es_core::testing::import_conformance!(InMemory);
