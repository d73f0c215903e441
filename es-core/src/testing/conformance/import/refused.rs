//! I2 to I4: what is not imported, and what is not imported twice.

use std::sync::Arc;

use super::super::given::{self, account};
use super::super::harness::{Harness, open};
use super::super::seen;
use super::pages::{THEN, foreign, page};
use crate::event::Timestamp;
use crate::journal::{AppendError, ExpectedVersion, ImportJournal, Journal, Page, limits};

/// Imports what must be refused, and checks that nothing of it is there.
async fn refused<J: ImportJournal>(journal: &J, page: Arc<Page>) -> AppendError {
    let before = seen::all(journal).await;
    let error = match journal.import(page).await {
        Ok(imported) => panic!("an import should have been refused: {imported:?}"),
        Err(error) => error,
    };
    assert_eq!(seen::all(journal).await, before, "an import that was refused left something: {error}");
    error
}

pub(super) async fn i2_when_one_event_cannot_be_imported_none_is<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let mut too_large = [foreign("a", 1..=2), foreign("b", 1..=1)].concat();
    too_large[2].event.payload = vec![b' '; limits::EVENT_BYTES + 1];
    let error = refused(&store, page(&too_large)).await;
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error:?}");
    let mut double = foreign("a", 1..=2);
    double[1].event.id = double[0].event.id;
    let error = refused(&store, page(&double)).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error:?}");
    let gap = [foreign("a", 1..=2), foreign("b", 1..=1), foreign("a", 4..=4)].concat();
    let error = refused(&store, page(&gap)).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error:?}");
    assert_eq!(store.version(&account("a")).await.unwrap(), 0);
}

pub(super) async fn i3_an_event_that_is_not_the_next_of_its_stream_is_a_conflict<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    store.import(page(&foreign("a", 1..=2))).await.unwrap();
    for (first, actual) in [(1, 2), (2, 2), (4, 2)] {
        // A stream that it could be written to stands before.
        let events = [foreign("b", 1..=1), foreign("a", first..=first + 1)].concat();
        match refused(&store, page(&events)).await {
            AppendError::Conflict { stream, expected, actual: found } => {
                assert_eq!((stream, found), (account("a"), actual));
                assert_eq!(expected, ExpectedVersion::Exact(first - 1));
            }
            other => panic!("{other:?}"),
        }
    }
    store.import(page(&foreign("a", 3..=4))).await.unwrap();
}

pub(super) async fn i3_times_do_not_go_back<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let earlier = Timestamp::from_micros(THEN.as_micros() - 1);
    let mut within = foreign("a", 1..=3);
    within[2].recorded_at = earlier;
    let error = refused(&store, page(&within)).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error:?}");
    store.import(page(&foreign("a", 1..=1))).await.unwrap();
    let mut after = foreign("a", 2..=2);
    after[0].recorded_at = earlier;
    let error = refused(&store, page(&after)).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error:?}");
    // Other streams have times of their own.
    let mut other = foreign("b", 1..=1);
    other[0].recorded_at = earlier;
    store.import(page(&other)).await.unwrap();
}

pub(super) async fn i4_an_import_that_is_repeated_is_written_once<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let events = page(&[foreign("a", 1..=3), foreign("b", 1..=2)].concat());
    let first = store.import(events.clone()).await.unwrap();
    store.import(page(&foreign("a", 4..=5))).await.unwrap();
    let before = seen::all(&store).await;
    for _ in 0..2 {
        let again = store.import(events.clone()).await.unwrap();
        assert_eq!((again.position, again.repeated), (first.position, true));
    }
    assert_eq!(seen::all(&store).await, before);
}

pub(super) async fn i4_an_import_of_which_part_is_there_or_is_elsewhere_is_refused<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let events = foreign("a", 1..=3);
    store.import(page(&events[..2])).await.unwrap();
    let error = refused(&store, page(&events)).await;
    assert!(matches!(error, AppendError::DuplicateEvent { .. }), "{error:?}");
    let mut elsewhere = foreign("b", 1..=2);
    elsewhere[0].event.id = events[0].event.id;
    elsewhere[1].event.id = events[1].event.id;
    let error = refused(&store, page(&elsewhere)).await;
    assert!(matches!(error, AppendError::DuplicateEvent { .. }), "{error:?}");
    // A new stream, but for an id that is taken.
    let mut taken = [given_other("c"), foreign("d", 1..=1)].concat();
    taken[1].event.id = events[1].event.id;
    let error = refused(&store, page(&taken)).await;
    assert!(matches!(error, AppendError::DuplicateEvent { .. }), "{error:?}");
    store.import(page(&events[2..])).await.unwrap();
}

fn given_other(id: &str) -> Vec<super::pages::Foreign> {
    let mut events = foreign(id, 1..=1);
    events[0].event = given::named("other");
    events
}
