//! J9 and J10: an event is written once; a command is found again.

use super::given::{accepted, account, append, event, events, of_command, part, refused, to};
use super::harness::{Harness, open};
use super::seen::all;
use crate::event::{CommandId, EventId, StreamId};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal, NewEvent};

/// The answer to an append that is repeated, after its first answer.
fn again(first: &Appended) -> Appended {
    Appended { repeated: true, ..first.clone() }
}

pub(super) async fn j09_an_append_that_is_repeated_is_answered_with_the_same_positions<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &alice, events(2)).await;
    for (expected, now) in [(ExpectedVersion::Exact(2), 5), (ExpectedVersion::Any, 8)] {
        let tried = to(&alice, expected, events(3));
        let first = accepted(&store, tried.clone()).await;
        assert_eq!(accepted(&store, tried.clone()).await, again(&first), "expected {expected}");
        assert_eq!(accepted(&store, tried).await, again(&first), "expected {expected}, once more");
        assert_eq!(store.version(&alice).await.unwrap(), now);
    }
    assert_eq!(all(&store).await.len(), 8);
}

pub(super) async fn j09_an_append_is_recognised_under_another_expected_version_and_after_later_events<H: Harness>(
    place: H,
) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let written = events(3);
    let first = accepted(&store, to(&alice, ExpectedVersion::NoStream, written.clone())).await;
    append(&store, &bob, events(1)).await;
    append(&store, &alice, events(1)).await;
    let before = all(&store).await;
    for expected in [
        ExpectedVersion::NoStream,
        ExpectedVersion::Any,
        ExpectedVersion::Exact(1),
        ExpectedVersion::Exact(3),
        ExpectedVersion::Exact(4),
        ExpectedVersion::Exact(99),
    ] {
        let repeated = accepted(&store, to(&alice, expected, written.clone())).await;
        assert_eq!(repeated, again(&first), "expected {expected}");
    }
    assert_eq!(all(&store).await, before);
}

pub(super) async fn j09_an_append_to_several_streams_is_recognised_though_a_checked_stream_has_changed<H: Harness>(
    place: H,
) {
    let store = open(&place).await;
    let (alice, bob, carol) = (account("alice"), account("bob"), account("carol"));
    append(&store, &carol, events(1)).await;
    let tried = Append {
        streams: vec![
            part(&alice, ExpectedVersion::NoStream, events(2)),
            part(&carol, ExpectedVersion::Exact(1), Vec::new()),
            part(&bob, ExpectedVersion::Any, events(3)),
        ],
    };
    let first = accepted(&store, tried.clone()).await;
    append(&store, &carol, events(1)).await;
    let before = all(&store).await;
    assert_eq!(accepted(&store, tried).await, again(&first));
    assert_eq!(all(&store).await, before);
}

/// Checks that an append is refused for an id that is in the journal.
async fn is_a_duplicate<J: Journal>(journal: &J, stream: &StreamId, there: &[NewEvent], events: Vec<NewEvent>) {
    let given: Vec<EventId> = events.iter().map(|event| event.id).collect();
    match refused(journal, to(stream, ExpectedVersion::Any, events)).await {
        AppendError::DuplicateEvent { stream: named, id } => {
            assert_eq!(&named, stream);
            assert!(given.contains(&id) && there.iter().any(|event| event.id == id), "{id} is not the double one");
        }
        other => panic!("an append with an id that is in the journal gave: {other}"),
    }
}

pub(super) async fn j09_an_append_of_which_part_is_in_the_journal_is_refused<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let there = events(3);
    append(&store, &alice, there.clone()).await;
    let old = |index: usize| there[index].clone();
    for events in [
        vec![old(2), event(9)],
        vec![event(9), old(0)],
        vec![old(0), event(9), old(1)],
        vec![old(0), old(1), old(2), event(9)],
    ] {
        is_a_duplicate(&store, &alice, &there, events).await;
    }
}

pub(super) async fn j09_event_ids_of_another_stream_or_in_another_order_are_refused<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let there = events(3);
    append(&store, &alice, there.clone()).await;
    append(&store, &bob, events(3)).await;
    is_a_duplicate(&store, &bob, &there, there.clone()).await;
    is_a_duplicate(&store, &account("new"), &there, there.clone()).await;
    is_a_duplicate(&store, &alice, &there, there.iter().rev().cloned().collect()).await;
    is_a_duplicate(&store, &alice, &there, vec![there[0].clone(), there[2].clone()]).await;
    let split = Append {
        streams: vec![
            part(&alice, ExpectedVersion::Any, vec![there[0].clone(), there[1].clone()]),
            part(&bob, ExpectedVersion::Any, vec![there[2].clone()]),
        ],
    };
    let error = refused(&store, split).await;
    assert!(
        matches!(&error, AppendError::DuplicateEvent { stream, id } if *stream == bob && *id == there[2].id),
        "{error}"
    );
}

pub(super) async fn j10_a_command_is_found_again_with_the_events_it_led_to<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let [one, three, other] = [(); 3].map(|()| CommandId::new());
    append(&store, &alice, events(2)).await;
    append(&store, &alice, vec![of_command(one, event(1))]).await;
    append(&store, &alice, events(3).into_iter().map(|event| of_command(three, event)).collect()).await;
    append(&store, &alice, events(2)).await;
    assert_eq!(store.find_command(&alice, one).await.unwrap(), Some(3..=3));
    assert_eq!(store.find_command(&alice, three).await.unwrap(), Some(4..=6));
    assert_eq!(store.find_command(&alice, other).await.unwrap(), None);
}

pub(super) async fn j10_a_command_id_on_another_stream_is_another_command<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob, carol) = (account("alice"), account("bob"), account("carol"));
    let command = CommandId::new();
    append(&store, &alice, vec![of_command(command, event(1)), of_command(command, event(2))]).await;
    assert_eq!(store.find_command(&bob, command).await.unwrap(), None);
    append(&store, &bob, vec![event(0), of_command(command, event(1))]).await;
    assert_eq!(store.find_command(&alice, command).await.unwrap(), Some(1..=2));
    assert_eq!(store.find_command(&bob, command).await.unwrap(), Some(2..=2));
    assert_eq!(store.find_command(&carol, command).await.unwrap(), None);
}

pub(super) async fn j10_a_command_on_several_streams_is_found_on_each<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob, carol) = (account("alice"), account("bob"), account("carol"));
    let command = CommandId::new();
    append(&store, &bob, events(4)).await;
    let of_it = |count| events(count).into_iter().map(|event| of_command(command, event)).collect();
    let streams = vec![
        part(&alice, ExpectedVersion::NoStream, of_it(1)),
        part(&bob, ExpectedVersion::Exact(4), of_it(2)),
        part(&carol, ExpectedVersion::NoStream, Vec::new()),
    ];
    accepted(&store, Append { streams }).await;
    assert_eq!(store.find_command(&alice, command).await.unwrap(), Some(1..=1));
    assert_eq!(store.find_command(&bob, command).await.unwrap(), Some(5..=6));
    assert_eq!(store.find_command(&carol, command).await.unwrap(), None);
}

pub(super) async fn j10_a_command_whose_id_is_given_again_is_found_from_its_first_event_to_its_last<H: Harness>(
    place: H,
) {
    let store = open(&place).await;
    let alice = account("alice");
    let command = CommandId::new();
    append(&store, &alice, events(1)).await;
    append(&store, &alice, vec![of_command(command, event(1)), event(2), of_command(command, event(3))]).await;
    assert_eq!(store.find_command(&alice, command).await.unwrap(), Some(2..=4));
    append(&store, &alice, events(100)).await;
    append(&store, &alice, vec![of_command(command, event(4))]).await;
    assert_eq!(store.find_command(&alice, command).await.unwrap(), Some(2..=105));
}
