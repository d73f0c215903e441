//! A copy leaves out nothing that is committed, though it cannot be read yet.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

#[path = "common/held_back.rs"]
mod held_back;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{check_decodes, kinds};
use es_core::{Append, CopyError, ExpectedVersion, Journal, JournalCopy, MemoryStore, NewEvent};
use held_back::{Ends, Held};

#[derive(Command, Debug, Clone)]
struct Note;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
struct Noted;

#[derive(Aggregate, Default, Clone)]
#[aggregate(commands(Note), events(Noted(ignored)), error = Infallible)]
struct Account {}

impl Handle<Note> for Account {
    fn handle(&self, _: Note, _: &Context) -> Decision<Self> {
        accept(Noted)
    }
}

/// Appends some events.
async fn fill(journal: &impl Journal, count: u64) {
    for _ in 0..count {
        let event = NewEvent {
            id: EventId::new(),
            name: "noted".into(),
            version: 1,
            format: "json".into(),
            payload: b"null".to_vec(),
            metadata: Arc::default(),
        };
        let stream = StreamId::new("account", "a").unwrap();
        journal.append(Append::to_stream(stream, ExpectedVersion::Any, vec![event])).await.unwrap();
    }
}

fn is_held_back(error: &CopyError, in_store: &str) -> bool {
    let text = error.to_string();
    matches!(error, CopyError::HeldBack { store, .. } if *store == in_store)
        && text.contains(in_store)
        && text.contains("waiting for transaction of pid 4711")
}

const SOON: Duration = Duration::from_millis(20);

#[tokio::test]
async fn events_of_the_source_that_are_held_back_are_waited_for() {
    let (source, destination) = (Held::default(), MemoryStore::new());
    fill(&source, 10).await;
    source.hold(Ends::AfterHeads(3)).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 15));
    source.hold(Ends::AfterHeads(3)).await;
    fill(&source, 1).await;
    let verified = JournalCopy::new(&source, &destination).verify().await;
    assert!(matches!(verified, Err(CopyError::Missing { version: 16, .. })), "{verified:?}");
}

#[tokio::test]
async fn a_copy_that_would_leave_out_events_of_the_source_is_an_error_and_the_next_one_completes_it() {
    let (source, destination) = (Held::default(), MemoryStore::new());
    fill(&source, 10).await;
    JournalCopy::new(&source, &destination).run().await.unwrap();
    source.hold(Ends::Never).await;
    fill(&source, 5).await;
    for patience in [Duration::ZERO, SOON] {
        let error = JournalCopy::new(&source, &destination).patience(patience).run().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
        let error = JournalCopy::new(&source, &destination).patience(patience).run_events().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
        let error = JournalCopy::new(&source, &destination).patience(patience).verify().await.unwrap_err();
        assert!(is_held_back(&error, "source"), "{error}");
    }
    source.release();
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 5));
}

#[tokio::test]
async fn a_transaction_that_ends_when_it_is_looked_for_leaves_out_nothing() {
    let (source, destination) = (Held::default(), Held::default());
    fill(&source, 10).await;
    source.hold(Ends::WhenAskedFor).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (15, 15));
    destination.hold(Ends::WhenAskedFor).await;
    fill(&source, 5).await;
    let copied = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (20, 5));
}

#[tokio::test]
async fn what_a_copy_has_written_and_cannot_read_is_neither_missing_nor_written_again() {
    let (source, destination) = (MemoryStore::new(), Held::default());
    fill(&source, 10).await;
    destination.hold(Ends::Never).await;
    // It has written, and cannot see it; the next one sees that it cannot.
    for _ in 0..2 {
        let error = JournalCopy::new(&source, &destination).patience(SOON).run().await.unwrap_err();
        assert!(is_held_back(&error, "destination"), "{error}");
        assert_eq!(destination.inner.version(&StreamId::new("account", "a").unwrap()).await.unwrap(), 10);
    }
    let error = JournalCopy::new(&source, &destination).patience(SOON).verify().await.unwrap_err();
    assert!(is_held_back(&error, "destination"), "{error}");
    destination.release();
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (10, 0));

    destination.hold(Ends::AfterHeads(3)).await;
    fill(&source, 10).await;
    let copied = JournalCopy::new(&source, &destination).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (20, 10));
}

#[tokio::test]
async fn a_journal_that_is_read_as_a_whole_is_waited_for_too() {
    let journal = Held::default();
    fill(&journal, 10).await;
    journal.hold(Ends::AfterHeads(3)).await;
    fill(&journal, 5).await;
    assert_eq!(kinds(&journal).await.unwrap()[0].events, 15);
    journal.hold(Ends::AfterHeads(3)).await;
    fill(&journal, 5).await;
    assert_eq!(check_decodes::<Account>(&journal).await.unwrap().events, 20);
}
