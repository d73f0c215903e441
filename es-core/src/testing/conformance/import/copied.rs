//! I7: a copy is the same journal.

use std::sync::Arc;
use std::time::Duration;

use super::super::given::{self, Random, account, mixed};
use super::super::harness::{Harness, did, joined, open};
use super::super::seen::{self, Seen};
use super::super::snapshots::snapshot;
use crate::copy::{CopyError, CopyStep, JournalCopy};
use crate::event::Position;
use crate::journal::{Filter, ImportJournal, Journal, MemoryStore, PageSize};
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// How long a copy may wait: the transactions of others hold events back on a server that is shared.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes some events and snapshots to a journal.
async fn fill<S: Journal + SnapshotStore>(store: &S, appends: u64) {
    let seed = given::seed();
    did(format_args!("ES_SEED={seed}"));
    mixed(store, &mut Random::new(seed), appends).await;
    for event in seen::all(store).await.iter().filter(|seen| seen.version.is_multiple_of(7)) {
        let taken = Snapshot { event_id: event.event.id, ..snapshot(&event.stream, event.version, "json:7") };
        store.save_snapshot(taken).await.unwrap();
    }
}

/// All events, but for their positions.
async fn events<S: Journal>(store: &S) -> Vec<Seen> {
    let seen = seen::all(store).await.into_iter();
    seen.map(|seen| Seen { position: Position::START, ..seen }).collect()
}

pub(super) async fn i7_a_copy_to_the_store_and_from_it_is_the_same_journal<H>(place: H)
where
    H: Harness<Store: ImportJournal + ListSnapshots>,
{
    let (store, memory) = (open(&place).await, MemoryStore::new());
    fill(&store, 300).await;
    let out = JournalCopy::new(&store, &memory).page_size(PageSize::events(100)).run().await.unwrap();
    assert_eq!(events(&memory).await, events(&store).await);
    let second_place = H::create().await;
    let second = open(&second_place).await;
    let back = JournalCopy::new(&memory, &second).run().await.unwrap();
    assert_eq!(events(&second).await, events(&store).await);
    let verified = JournalCopy::new(&store, &second).verify().await.unwrap();
    assert_eq!((verified.events, verified.snapshots, verified.new), (out.events, out.snapshots, 0));
    assert_eq!((back.events, back.snapshots), (out.events, out.snapshots));
    assert!(out.snapshots > 0 && out.new == out.events);
    did(format_args!("{} events and {} snapshots copied twice", out.events, out.snapshots));
}

pub(super) async fn i7_a_copy_goes_on_where_it_was_ended<H>(place: H)
where
    H: Harness<Store: ImportJournal + ListSnapshots>,
{
    let (memory, store) = (MemoryStore::new(), open(&place).await);
    fill(&memory, 100).await;
    let total = events(&memory).await.len() as u64;
    let (mut after, mut there) = (Position::START, 0);
    // What a copy leaves that is ended after a page, whatever the size of its pages was.
    for count in [1, 2, 10, 17, 40] {
        let page = memory.read_all(after, &Filter::all(), PageSize::events(count)).await.unwrap();
        (after, there) = (page.next(), there + page.len() as u64);
        store.import(Arc::new(page)).await.unwrap();
    }
    let mut steps = Vec::new();
    let copy = JournalCopy::new(&memory, &store).page_size(PageSize::events(10));
    let copied = copy.on_progress(|progress| steps.push(*progress)).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (total, total - there));
    assert_eq!(events(&store).await, events(&memory).await);
    let first_copied = steps.iter().find(|progress| progress.step == CopyStep::Copy).map(|progress| progress.events);
    assert!(first_copied > Some(there), "what was there was copied again: {first_copied:?}");
    for step in [CopyStep::Compare, CopyStep::Copy, CopyStep::Verify, CopyStep::Snapshots] {
        let of_step: Vec<_> = steps.iter().filter(|progress| progress.step == step).collect();
        assert!(!of_step.is_empty(), "no progress was reported of {step:?}");
        assert!(of_step.is_sorted_by_key(|progress| (progress.events, progress.position)), "{of_step:?}");
    }
    did(format_args!("{} of {total} events copied after {there}", copied.new));
}

pub(super) async fn i7_a_copy_takes_over_what_has_come_since<H>(place: H)
where
    H: Harness<Store: ImportJournal + ListSnapshots>,
{
    let (memory, store) = (MemoryStore::new(), open(&place).await);
    fill(&memory, 20).await;
    let first = JournalCopy::new(&memory, &store).run().await.unwrap();
    let again = JournalCopy::new(&memory, &store).run().await.unwrap();
    assert_eq!((again.events, again.new, again.snapshots), (first.events, 0, first.snapshots));
    given::append(&memory, &account("new"), given::events(30)).await;
    let error = JournalCopy::new(&memory, &store).verify().await.unwrap_err();
    assert!(matches!(&error, CopyError::Missing { stream, version: 1, .. } if *stream == account("new")), "{error:?}");
    let then = JournalCopy::new(&memory, &store).run().await.unwrap();
    assert_eq!((then.events, then.new), (first.events + 30, 30));
    assert_eq!(events(&store).await, events(&memory).await);
}

pub(super) async fn i7_a_copy_has_all_that_was_committed_before_though_it_was_held_back<H>(place: H)
where
    H: Harness<Store: ImportJournal + ListSnapshots>,
{
    let (from_place, to_place) = (Arc::new(place), H::create().await);
    let (from, to) = (open(&*from_place).await, open(&to_place).await);
    for number in 1..=20 {
        let holding = tokio::spawn({
            let place = Arc::clone(&from_place);
            async move { place.hold_open().await }
        });
        given::append(&from, &account("a"), given::events(1)).await;
        let copied = JournalCopy::new(&from, &to).patience(PATIENCE).run().await.unwrap();
        assert_eq!((copied.events, copied.new), (number, 1));
        joined(holding).await;
    }
}

pub(super) async fn i7_a_copy_to_a_store_with_other_events_is_refused<H>(place: H)
where
    H: Harness<Store: ImportJournal + ListSnapshots>,
{
    let (memory, store) = (MemoryStore::new(), open(&place).await);
    fill(&memory, 20).await;
    JournalCopy::new(&memory, &store).run().await.unwrap();
    given::append(&store, &account("another"), given::events(1)).await;
    let before = events(&store).await;
    given::append(&memory, &account("a"), given::events(1)).await;
    let error = JournalCopy::new(&memory, &store).run().await.unwrap_err();
    let of_another = |stream, instead: &Option<_>| stream == &account("another") && instead.is_some();
    assert!(
        matches!(&error, CopyError::OtherEvents { stream, instead, .. } if of_another(stream, instead)),
        "{error:?}"
    );
    assert_eq!(events(&store).await, before);
    let error = JournalCopy::new(&MemoryStore::new(), &store).run().await.unwrap_err();
    assert!(matches!(error, CopyError::OtherEvents { instead: None, .. }), "{error:?}");
    let error = JournalCopy::new(&store, &store.clone()).run().await.unwrap_err();
    assert!(matches!(error, CopyError::SameJournal), "{error:?}");
}
