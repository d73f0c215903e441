//! R5: reset, rebuild, another version.

use super::ReadHarness;
use super::model::{Model, filled, shows};
use super::transactions::{lease, load};
use crate::event::Position;
use crate::projection::{Ended, Projector, ProjectorError, ReadStore, Work};

pub(super) async fn r5_a_rebuilt_read_model_is_the_same_again<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(100).await;
    let handle = Projector::new(&journal, &store, Model::<H>::new()).spawn();
    handle.wait_for(Position::new(100)).await.unwrap();
    let before = place.table(&store).await;
    for _ in 0..5 {
        handle.rebuild().await.unwrap();
        assert_eq!(place.table(&store).await, before);
    }
    handle.stop().await.unwrap();
    shows(&place, &store, 100).await;
}

pub(super) async fn r5_another_version_starts_from_nothing_and_ends_with_the_same<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(100).await;
    Projector::new(&journal, &store, Model::<H, 1>::new()).run_to_head().await.unwrap();
    let first = place.table(&store).await.expect("a table");
    assert_eq!(first["version"], 1);
    Projector::new(&journal, &store, Model::<H, 1>::new()).run_to_head().await.unwrap();
    assert_eq!(place.table(&store).await.as_ref(), Some(&first), "the same version goes on where it was");
    Projector::new(&journal, &store, Model::<H, 2>::new()).run_to_head().await.unwrap();
    let mut second = place.table(&store).await.expect("a table");
    assert_eq!(second.insert("version".to_owned(), 1), Some(2));
    assert_eq!(second, first);
    shows(&place, &store, 100).await;
}

pub(super) async fn r5_a_read_model_that_cannot_be_made_leaves_nothing<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(3).await;
    // A table of that name that nobody has made.
    let work: Work<<H::Store as ReadStore>::Tx, ()> = Box::new(|tx| {
        Box::pin(async {
            H::create_table(tx).await.expect("the table is created");
            H::set(tx, "mine", 7).await.expect("a number is set");
            Ended::Commit(())
        })
    });
    store.transact(work).await.unwrap();
    let mut projector = Projector::new(&journal, &store, Model::<H>::new());
    let error = projector.run_to_head().await.unwrap_err();
    assert!(matches!(error, ProjectorError::Model { .. }), "{error}");
    drop(projector);
    assert_eq!(place.table(&store).await.expect("a table")["mine"], 7);
    let model = lease::<H>(&store, "model").await;
    assert_eq!(load::<H>(&store, &model).await, None);
}
