//! G4 and G8: who waits for events is woken by those that come, and by nothing else.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use super::given::{account, append, bytes, event, events, named, refused, to};
use super::harness::{Harness, did, does_not_apply, open};
use crate::event::{Position, SystemClock};
use crate::journal::{ExpectedVersion, Filter, Journal, JournalError, PageSize, limits};

/// A second, and what a busy machine may take on top of it.
const AT_MOST: Duration = Duration::from_secs(5);

/// Begins to wait: polls once, and what there is to wait for must not be there.
async fn begins(mut waiting: Pin<&mut impl Future<Output = Result<Position, JournalError>>>) {
    poll_fn(|context| match waiting.as_mut().poll(context) {
        Poll::Ready(head) => panic!("a wait ended before there was anything to wait for: {head:?}"),
        Poll::Pending => Poll::Ready(()),
    })
    .await;
}

async fn ends(waiting: impl Future<Output = Result<Position, JournalError>>) -> Position {
    match tokio::time::timeout(AT_MOST, waiting).await {
        Ok(head) => head.expect("the journal waits"),
        Err(elapsed) => panic!("who waits was not woken within {AT_MOST:?} of the append: {elapsed}"),
    }
}

pub(super) async fn g04_an_append_that_failed_wakes_no_one_and_the_next_one_is_read<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let there = event(0);
    append(&store, &alice, vec![there.clone()]).await;
    for _ in 0..10 {
        let head = store.head().await.unwrap();
        let mut waiting = pin!(store.wait(head));
        begins(waiting.as_mut()).await;
        for (expected, events) in [
            (ExpectedVersion::NoStream, events(3)),
            (ExpectedVersion::Exact(u64::MAX >> 1), events(1)),
            (ExpectedVersion::Any, vec![event(1), there.clone()]),
            (ExpectedVersion::Any, vec![event(1), bytes(vec![0; limits::EVENT_BYTES + 1])]),
            (ExpectedVersion::Any, vec![event(1), named("")]),
        ] {
            refused(&store, to(&alice, expected, events)).await;
            assert_eq!(store.head().await.unwrap(), head);
            begins(waiting.as_mut()).await;
        }
        let good = event(2);
        let appended = append(&store, &alice, vec![good.clone()]).await;
        assert_eq!(ends(waiting).await, appended.position);
        let page = store.read_all(head, &Filter::all(), PageSize::default()).await.unwrap();
        assert_eq!(page.iter().map(|event| event.id).collect::<Vec<_>>(), [good.id]);
    }
}

pub(super) async fn g08_a_wait_for_what_is_there_ends_at_once<H: Harness>(place: H) {
    let store = open(&place).await;
    for number in 1..=3 {
        let before = store.head().await.unwrap();
        let appended = append(&store, &account("alice"), events(number)).await;
        assert_eq!(ends(store.wait(Position::START)).await, appended.position);
        assert_eq!(ends(store.wait(before)).await, appended.position);
    }
}

pub(super) async fn g08_all_that_wait_are_woken_by_an_append<H: Harness>(place: H) {
    let store = open(&place).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let head = store.head().await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..50 {
            let mut wait = Box::pin({
                let store = store.clone();
                async move { store.wait(head).await }
            });
            begins(wait.as_mut()).await;
            waiting.push(wait);
        }
        let appended = append(&store, &account("alice"), events(1)).await;
        let since = Instant::now();
        for wait in waiting {
            assert_eq!(ends(wait).await, appended.position);
        }
        slowest = slowest.max(since.elapsed());
    }
    did(format_args!("20 appends woke 50 each, the slowest after {slowest:?}"));
}

pub(super) async fn g08_who_waits_in_another_process_is_woken_by_an_append<H: Harness>(place: H) {
    let store = open(&place).await;
    let Some(other) = place.open_again(std::sync::Arc::new(SystemClock)).await else {
        return does_not_apply("G8, in another process,", "the store is not shared by processes");
    };
    let mut slowest = Duration::ZERO;
    for (writer, reader) in [(&store, &other), (&other, &store)].into_iter().cycle().take(10) {
        let head = reader.head().await.unwrap();
        assert_eq!(head, writer.head().await.unwrap());
        let mut waiting = pin!(reader.wait(head));
        begins(waiting.as_mut()).await;
        let appended = append(writer, &account("alice"), events(1)).await;
        let since = Instant::now();
        assert_eq!(ends(waiting).await, appended.position);
        slowest = slowest.max(since.elapsed());
    }
    did(format_args!("10 appends, the slowest woke after {slowest:?}"));
}
