//! Journals that are not the one that a read model was made from.

use es_core::prelude::*;
use es_core::{MemoryStore, ProjectorError};

use crate::domain::{Balances, Tables, append, increased};

#[tokio::test]
async fn a_read_model_of_another_journal_is_noticed_and_can_be_rebuilt() {
    let (store, other) = (MemoryStore::new(), MemoryStore::new());
    append(&store, "alice", &[increased(1)]).await;
    append(&other, "alice", &[increased(5)]).await;
    let tables = Tables::default();
    Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap();
    let mut projector = Projector::new(&other, &tables, Balances::<1>::default());
    let error = projector.run_to_head().await.unwrap_err();
    assert!(matches!(error, ProjectorError::OtherJournal { .. }), "{error}");
    let balances = projector.spawn();
    assert!(balances.wait_for(other.head().await.unwrap()).await.is_err());
    balances.rebuild().await.unwrap();
    assert_eq!(tables.balance("alice"), Some(5));
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn a_journal_that_was_put_back_is_noticed() {
    let store = MemoryStore::new();
    append(&store, "alice", &[increased(1), increased(2)]).await;
    let tables = Tables::default();
    Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap();
    // Further than the journal goes; and as far, but with another event there.
    for ahead in [true, false] {
        let before = tables.now();
        tables.change(|tx| {
            let checkpoint = tx.checkpoint.as_mut().unwrap();
            if ahead {
                checkpoint.position.number += 1;
            } else {
                checkpoint.last.as_mut().unwrap().id = EventId::new();
            }
        });
        let error = Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap_err();
        assert!(matches!(error, ProjectorError::Restored { .. }), "{error}");
        tables.change(|tx| *tx = before);
    }
    Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap();
}
