//! O1 to O7: what becomes of messages.

use std::sync::Arc;

use super::super::read_store::ReadHarness;
use super::super::read_store::transactions::{LeaseOf, at, lease, load};
use crate::event::{Position, StreamId, Timestamp};
use crate::projection::{BoxFuture, Ended, ReadStore, ReadStoreError, Work};
use crate::publishing::{MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage};

type TxOf<H> = <<H as ReadHarness>::Store as ReadStore>::Tx;

/// An outbox, and the right to send from it.
struct Outbox<H: ReadHarness<Store: OutboxStore>> {
    store: H::Store,
    lease: Arc<LeaseOf<H>>,
    name: &'static str,
}

fn stream(id: &str) -> StreamId {
    StreamId::new("sum", id).expect("a stream that can be")
}

fn message(number: u64, ordinal: u32, id: &str) -> OutboxMessage {
    OutboxMessage {
        position: Position::new(number),
        ordinal,
        stream: stream(id),
        id: format!("message {number}.{ordinal}"),
        event_type: "es.sum.v1".to_owned(),
        json: format!("{{\"number\":{number}}}"),
    }
}

fn park(message: &OutboxMessage, attempts: u32, error: Option<&str>) -> ParkedMessage {
    ParkedMessage {
        key: message.key(),
        stream: message.stream.clone(),
        id: message.id.clone(),
        event_type: message.event_type.clone(),
        attempts,
        error: error.map(str::to_owned),
        parked_at: Timestamp::from_micros(1_700_000_000_123_456),
    }
}

impl<H: ReadHarness<Store: OutboxStore>> Outbox<H> {
    async fn open(place: &H) -> Self {
        let store = place.open().await;
        let lease = lease::<H>(&store, "outbox@send").await;
        Self { store, lease, name: "outbox" }
    }

    /// Does something in a transaction, and commits it.
    async fn change<T: Send + 'static>(
        &self,
        work: impl for<'t> FnOnce(
            Arc<LeaseOf<H>>,
            &'t mut TxOf<H>,
            &'static str,
        ) -> BoxFuture<'t, Result<T, ReadStoreError>>
        + Send
        + 'static,
    ) -> T {
        let (lease, name) = (Arc::clone(&self.lease), self.name);
        let work: Work<TxOf<H>, Result<T, ReadStoreError>> =
            Box::new(move |tx| Box::pin(async move { Ended::Commit(work(lease, tx, name).await) }));
        self.store.transact(work).await.expect("a transaction").expect("the outbox does what is asked")
    }

    async fn put(&self, messages: &[OutboxMessage]) {
        let messages = messages.to_vec();
        self.change(|_, tx, name| Box::pin(async move { H::Store::put(tx, name, &messages).await })).await;
    }

    async fn clear(&self) {
        self.change(|_, tx, name| Box::pin(async move { H::Store::clear(tx, name).await })).await;
    }

    async fn ready(&self, except: &[StreamId], limit: usize) -> Vec<OutboxMessage> {
        let except = except.to_vec();
        self.change(move |_, tx, name| Box::pin(async move { H::Store::ready(tx, name, &except, limit).await })).await
    }

    async fn all(&self) -> Vec<OutboxMessage> {
        self.ready(&[], 1_000).await
    }

    async fn sent(&self, messages: &[OutboxMessage], keep: Option<Timestamp>) {
        let messages = messages.to_vec();
        self.change(move |lease, tx, name| {
            Box::pin(async move { H::Store::sent(&lease, tx, name, &messages, keep).await })
        })
        .await;
    }

    async fn forget(&self, before: Timestamp, limit: usize) -> u64 {
        self.change(move |lease, tx, name| {
            Box::pin(async move { H::Store::forget(&lease, tx, name, before, limit).await })
        })
        .await
    }

    async fn park(&self, messages: &[ParkedMessage]) {
        let messages = messages.to_vec();
        self.change(|lease, tx, name| {
            Box::pin(async move {
                for message in &messages {
                    H::Store::park_message(&lease, tx, name, message).await?;
                }
                Ok(())
            })
        })
        .await;
    }

    async fn parked(&self, after: Option<MessageKey>, limit: usize) -> Vec<ParkedMessage> {
        self.change(move |_, tx, name| Box::pin(async move { H::Store::parked_messages(tx, name, after, limit).await }))
            .await
    }

    async fn unpark(&self, stream: Option<StreamId>) -> u64 {
        self.change(|lease, tx, name| {
            Box::pin(async move { H::Store::unpark_messages(&lease, tx, name, stream.as_ref()).await })
        })
        .await
    }

    async fn discard(&self, id: &'static str) -> Option<StreamId> {
        self.change(move |lease, tx, name| Box::pin(async move { H::Store::discard(&lease, tx, name, id).await })).await
    }

    async fn size(&self) -> OutboxSize {
        self.change(|_, tx, name| Box::pin(async move { H::Store::size(tx, name).await })).await
    }
}

pub(super) async fn o1_messages_are_there_with_the_checkpoint_or_not_at_all<H: ReadHarness<Store: OutboxStore>>(
    place: H,
) {
    let outbox = Outbox::<H>::open(&place).await;
    let feed = lease::<H>(&outbox.store, "outbox@publish").await;
    for (number, commit) in [(1, false), (1, true), (2, false), (2, true)] {
        let lease = Arc::clone(&feed);
        let work: Work<TxOf<H>, ()> = Box::new(move |tx| {
            Box::pin(async move {
                H::Store::put(tx, "outbox", &[message(number, 0, "alice")]).await.expect("a message is put");
                H::Store::save(&lease, tx, &at(number)).await.expect("a checkpoint is saved");
                if commit { Ended::Commit(()) } else { Ended::RollBack(()) }
            })
        });
        outbox.store.transact(work).await.expect("a transaction");
        let count = if commit { number } else { number - 1 };
        assert_eq!(outbox.all().await.len() as u64, count, "commit: {commit}");
        assert_eq!(load::<H>(&outbox.store, &feed).await.map_or(0, |saved| saved.position.number), count);
    }
    // What becomes of messages is rolled back as well.
    let lease = Arc::clone(&outbox.lease);
    let work: Work<TxOf<H>, ()> = Box::new(move |tx| {
        Box::pin(async move {
            let messages = [message(1, 0, "alice"), message(2, 0, "alice")];
            H::Store::sent(&lease, tx, "outbox", &messages[..1], None).await.expect("a message is noted");
            H::Store::park_message(&lease, tx, "outbox", &park(&messages[1], 1, None)).await.expect("one is parked");
            Ended::RollBack(())
        })
    });
    outbox.store.transact(work).await.expect("a transaction");
    assert_eq!(outbox.all().await.len(), 2, "nothing was done");
}

pub(super) async fn o2_messages_come_in_the_order_of_their_keys<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let mut messages: Vec<_> = [(3, 0), (1, 2), (1, 1), (100, 0), (20, 0), (1, 10)]
        .into_iter()
        .map(|(number, ordinal)| message(number, ordinal, "alice"))
        .collect();
    let mut later = message(2, 0, "bob");
    later.position.epoch = 1;
    messages.push(later);
    outbox.put(&messages).await;
    messages.sort_by_key(OutboxMessage::key);
    assert_eq!(outbox.all().await, messages);
    for limit in 0..=messages.len() {
        assert_eq!(outbox.ready(&[], limit).await, messages[..limit]);
    }
}

pub(super) async fn o2_messages_come_back_as_they_were_put<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let largest = i64::MAX.unsigned_abs();
    let mut large = message(1, 0, "\u{e9} ' % / \" \\ \n");
    large.json = format!("{{\"data\":\"{}\u{1f980} \\u0000 ' \\\\ \"}}", "x".repeat(1024 * 1024));
    let mut last = message(largest, u32::MAX >> 1, &"y".repeat(StreamId::MAX_ID));
    last.position.epoch = largest;
    let messages = [large, message(2, 0, "alice"), last];
    outbox.put(&messages).await;
    assert_eq!(outbox.all().await, messages);
}

pub(super) async fn o2_messages_come_in_pages_of_some_bytes_and_one_always_fits<H: ReadHarness<Store: OutboxStore>>(
    place: H,
) {
    let outbox = Outbox::<H>::open(&place).await;
    let mib = 1024 * 1024;
    let large = |number: u64, bytes: usize| {
        let json = format!("{{\"text\":\"{}\"}}", "x".repeat(bytes));
        OutboxMessage { json, ..message(number, 0, "a") }
    };
    let messages: Vec<_> = [(1, 10), (2, 5 * mib), (3, mib), (4, mib), (5, mib), (6, mib), (7, 10)]
        .map(|(number, bytes)| large(number, bytes))
        .into();
    outbox.put(&messages).await;
    let mut pages = Vec::new();
    let mut rest = &messages[..];
    while !rest.is_empty() {
        let page = outbox.all().await;
        assert_eq!(page, rest[..page.len()], "they come in their order");
        let bytes: usize = page.iter().map(|message| message.json.len()).sum();
        assert!(page.len() == 1 || bytes <= OutboxMessage::AT_ONCE, "{bytes} bytes at once");
        outbox.sent(&page, None).await;
        pages.push(page.len());
        rest = &rest[page.len()..];
    }
    assert_eq!(pages, [1, 1, 3, 2]);
}

pub(super) async fn o2_streams_can_be_left_out<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let ids = ["alice", "Alice", "alice'", "al%", "\u{e9}", "e\u{301}", "a\"b\\c", "sum"];
    let messages: Vec<_> = ids.into_iter().zip(1..).map(|(id, number)| message(number, 0, id)).collect();
    outbox.put(&messages).await;
    for (left_out, id) in ids.iter().enumerate() {
        let mut expected = messages.clone();
        expected.remove(left_out);
        assert_eq!(outbox.ready(&[stream(id), stream("nobody")], 100).await, expected, "without {id:?}");
        assert_eq!(outbox.ready(&[stream(id)], 2).await, expected[..2], "without {id:?}");
    }
    let many: Vec<_> =
        ids.iter().skip(1).map(|id| stream(id)).chain((0..2_000).map(|n| stream(&format!("{n}")))).collect();
    assert_eq!(outbox.ready(&many, 100).await, messages[..1]);
}

pub(super) async fn o3_what_was_sent_is_not_ready_any_more<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> = (1..=6).map(|number| message(number, 0, "alice")).collect();
    outbox.put(&messages).await;
    outbox.sent(&messages[..2], None).await;
    assert_eq!(outbox.all().await, messages[2..]);
    outbox.sent(&messages[2..4], Some(Timestamp::from_micros(5))).await;
    // Noted once more, also what is not there: nothing changes.
    outbox.sent(&messages[..4], None).await;
    outbox.sent(&[message(100, 0, "nobody")], Some(Timestamp::from_micros(5))).await;
    assert_eq!(outbox.all().await, messages[4..]);
    assert_eq!(outbox.size().await.ready, 2);
}

pub(super) async fn o3_what_was_kept_is_deleted_by_time_some_at_once<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> = (1..=10).map(|number| message(number, 0, "alice")).collect();
    outbox.put(&messages).await;
    for (message, time) in messages.iter().zip(1..).take(8) {
        outbox.sent(std::slice::from_ref(message), Some(Timestamp::from_micros(time))).await;
    }
    outbox.park(&[park(&messages[9], 1, Some("it fails"))]).await;
    assert_eq!(outbox.forget(Timestamp::from_micros(1), 100).await, 0, "none is older");
    assert_eq!(outbox.forget(Timestamp::from_micros(6), 3).await, 3, "some at once");
    assert_eq!(outbox.forget(Timestamp::from_micros(6), 3).await, 2, "the rest");
    assert_eq!(outbox.forget(Timestamp::from_micros(i64::MAX), 100).await, 3, "what was sent alone");
    assert_eq!((outbox.all().await, outbox.parked(None, 10).await.len()), (messages[8..9].to_vec(), 1));
}

pub(super) async fn o4_what_is_parked_waits_until_it_is_taken_back<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> =
        (1..=6).map(|number| message(number, 0, ["alice", "bob"][usize::from(number > 3)])).collect();
    outbox.put(&messages).await;
    let parked = [
        park(&messages[0], 7, Some("\u{e9} ' it fails")),
        park(&messages[1], 0, None),
        park(&messages[4], u32::MAX >> 1, Some("")),
    ];
    outbox.park(&parked).await;
    assert_eq!(outbox.all().await, [&messages[2..4], &messages[5..]].concat());
    assert_eq!(outbox.parked(None, 10).await, parked);
    assert_eq!(outbox.parked(None, 2).await, parked[..2]);
    assert_eq!(outbox.parked(Some(parked[0].key), 10).await, parked[1..]);
    assert_eq!(outbox.parked(Some(parked[2].key), 10).await, []);
    assert_eq!(outbox.unpark(Some(stream("nobody"))).await, 0);
    assert_eq!(outbox.unpark(Some(stream("bob"))).await, 1);
    assert_eq!(outbox.parked(None, 10).await, parked[..2]);
    assert_eq!(outbox.unpark(None).await, 2);
    assert_eq!(outbox.all().await, messages);
    // What was sent is not parked any more, and cannot be.
    outbox.sent(&messages[..1], None).await;
    outbox.park(&[park(&messages[0], 1, None)]).await;
    assert_eq!(outbox.parked(None, 10).await, []);
}

pub(super) async fn o4_a_parked_message_can_be_discarded<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> = (1..=3).map(|number| message(number, 0, "alice")).collect();
    outbox.put(&messages).await;
    outbox.park(&[park(&messages[0], 1, Some("it fails")), park(&messages[1], 0, None)]).await;
    assert_eq!(outbox.discard("message 3.0").await, None, "it is not parked");
    assert_eq!(outbox.discard("message").await, None, "there is none");
    assert_eq!(outbox.discard("message 1.0").await, Some(stream("alice")));
    assert_eq!(outbox.discard("message 1.0").await, None, "it is gone");
    assert_eq!(outbox.unpark(None).await, 1);
    assert_eq!(outbox.all().await, messages[1..]);
}

pub(super) async fn o4_another_message_in_the_place_of_one_that_failed_is_not_parked<
    H: ReadHarness<Store: OutboxStore>,
>(
    place: H,
) {
    let outbox = Outbox::<H>::open(&place).await;
    let (failed, other) = (message(1, 0, "alice"), message(2, 0, "alice"));
    let instead = OutboxMessage { id: "another message".to_owned(), ..failed.clone() };
    outbox.put(&[failed.clone(), other.clone()]).await;
    outbox.put(std::slice::from_ref(&instead)).await;
    outbox.park(&[park(&failed, 3, Some("it fails")), park(&other, 0, None)]).await;
    assert_eq!(outbox.all().await, [instead]);
    assert_eq!(outbox.parked(None, 10).await, [park(&other, 0, None)]);
    // Nor is one that was sent.
    outbox.unpark(None).await;
    outbox.sent(std::slice::from_ref(&other), Some(Timestamp::from_micros(1))).await;
    outbox.park(&[park(&other, 1, None)]).await;
    assert_eq!(outbox.parked(None, 10).await, []);
}

pub(super) async fn o5_outboxes_of_two_names_do_not_meet<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let store = place.open().await;
    let names = ["outbox", "Outbox", "out.box", "out_box"];
    let mut outboxes = Vec::new();
    for name in names {
        let lease = lease::<H>(&store, &format!("{name}@send")).await;
        outboxes.push(Outbox::<H> { store: store.clone(), lease, name });
    }
    let messages: Vec<_> = (1..=3).map(|number| message(number, 0, "alice")).collect();
    for outbox in &outboxes {
        outbox.put(&messages).await;
    }
    let [first, others @ ..] = outboxes.as_slice() else { return };
    first.sent(&messages[..1], None).await;
    first.park(&[park(&messages[1], 1, None)]).await;
    for other in others {
        assert_eq!(other.all().await, messages);
        assert_eq!(other.parked(None, 10).await, []);
        assert_eq!((other.unpark(None).await, other.discard("message 2.0").await), (0, None));
        assert_eq!(other.size().await.ready, 3);
    }
    assert_eq!((first.size().await.ready, first.size().await.parked), (1, 1));
}

pub(super) async fn o6_the_size_is_what_is_there<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    assert_eq!(outbox.size().await, OutboxSize::default());
    let messages: Vec<_> = (1..=5).map(|number| message(10 * number, 1, "alice")).collect();
    outbox.put(&messages).await;
    outbox.sent(&messages[..1], Some(Timestamp::from_micros(1))).await;
    outbox.park(&[park(&messages[2], 1, None), park(&messages[3], 0, None)]).await;
    let size =
        OutboxSize { ready: 2, parked: 2, first_ready: Some(Position::new(20)), first_parked: Some(Position::new(30)) };
    assert_eq!(outbox.size().await, size);
}

pub(super) async fn o7_a_message_that_is_put_once_more_is_sent_once_more<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> = (1..=4).map(|number| message(number, 0, "alice")).collect();
    outbox.put(&messages).await;
    outbox.sent(&messages[..1], None).await;
    outbox.sent(&messages[1..2], Some(Timestamp::from_micros(1))).await;
    outbox.park(&[park(&messages[2], 1, Some("it fails"))]).await;
    let again: Vec<_> =
        messages.iter().map(|message| OutboxMessage { json: "{}".to_owned(), ..message.clone() }).collect();
    outbox.put(&again).await;
    assert_eq!(outbox.all().await, again);
    assert_eq!(outbox.parked(None, 10).await, []);
    assert_eq!(outbox.forget(Timestamp::from_micros(i64::MAX), 100).await, 0);
}

pub(super) async fn o7_a_message_that_takes_the_place_of_one_being_sent_is_sent_too<
    H: ReadHarness<Store: OutboxStore>,
>(
    place: H,
) {
    let outbox = Outbox::<H>::open(&place).await;
    let messages: Vec<_> = (1..=4).map(|number| message(number, 0, "alice")).collect();
    outbox.put(&messages).await;
    let again: Vec<_> =
        messages[..2].iter().map(|message| OutboxMessage { json: "{}".to_owned(), ..message.clone() }).collect();
    outbox.put(&again).await;
    for (keep, count) in [(None, 2), (Some(Timestamp::from_micros(1)), 3)] {
        // Those that were there before were sent.
        outbox.sent(&messages[..count], keep).await;
        assert_eq!(outbox.all().await, [&again[..], &messages[count..]].concat(), "kept: {keep:?}");
    }
    outbox.sent(&again, None).await;
    assert_eq!(outbox.all().await, messages[3..]);
}

pub(super) async fn o7_what_is_still_to_be_sent_can_be_taken_out<H: ReadHarness<Store: OutboxStore>>(place: H) {
    let store = place.open().await;
    let mut outboxes = Vec::new();
    let messages: Vec<_> = (1..=4).map(|number| message(number, 0, "alice")).collect();
    for name in ["outbox", "other"] {
        let lease = lease::<H>(&store, &format!("{name}@send")).await;
        let outbox = Outbox::<H> { store: store.clone(), lease, name };
        outbox.put(&messages).await;
        outbox.sent(&messages[..1], Some(Timestamp::from_micros(1))).await;
        outbox.park(&[park(&messages[1], 1, Some("it fails")), park(&messages[2], 0, None)]).await;
        outboxes.push(outbox);
    }
    let [outbox, other] = outboxes.as_slice() else { return };
    outbox.clear().await;
    assert_eq!(outbox.size().await, OutboxSize::default());
    assert_eq!((outbox.all().await, outbox.parked(None, 10).await), (vec![], vec![]));
    assert_eq!((other.all().await, other.parked(None, 10).await.len()), (messages[3..].to_vec(), 2));
    assert_eq!(outbox.forget(Timestamp::from_micros(i64::MAX), 100).await, 1, "what was kept as sent");
    outbox.put(&messages[1..3]).await;
    assert_eq!(outbox.all().await, messages[1..3]);
}
