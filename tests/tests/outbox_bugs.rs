//! The conformance suite for outboxes catches the bugs that it is there for: the store in memory passes it, and with one bug at
//! a time it fails the points that say so.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use es_core::testing::conformance::outbox::points;
use es_core::testing::conformance::read_store::ReadHarness;
use es_core::testing::{MemoryOutbox, MemoryOutboxLease, MemoryOutboxTx};
use es_core::{
    BoxError, Checkpoint, MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedEvent, ParkedMessage, Position,
    Projected, ReadStore, ReadStoreError, StreamId, Timestamp, Work,
};

/// What a store with a bug does otherwise.
trait Bug: Send + Sync + 'static {
    const ROLLBACK_COMMITS: bool = false;
    const BACKWARDS: bool = false;
    const IGNORES_ORDINAL: bool = false;
    const IGNORES_EXCEPT: bool = false;
    const FORGETS_NOT: bool = false;
    const FORGETS_ALL: bool = false;
    const NEVER_SENT: bool = false;
    const PARKS_NOT: bool = false;
    const PARKS_BY_KEY: bool = false;
    const UNPARKS_ALL: bool = false;
    const ONE_OUTBOX: bool = false;
    const COUNTS_NONE: bool = false;
    const KEEPS_THE_OLD: bool = false;
    const SENT_BY_KEY: bool = false;
    const CLEARS_NOT: bool = false;
}

struct Correct;

impl Bug for Correct {}

macro_rules! bugs {
    ($($name:ident: $bug:ident;)*) => {$(
        struct $name;

        impl Bug for $name {
            const $bug: bool = true;
        }
    )*};
}

bugs! {
    RollbackCommits: ROLLBACK_COMMITS;
    Backwards: BACKWARDS;
    IgnoresOrdinal: IGNORES_ORDINAL;
    IgnoresExcept: IGNORES_EXCEPT;
    ForgetsNot: FORGETS_NOT;
    ForgetsAll: FORGETS_ALL;
    NeverSent: NEVER_SENT;
    ParksNot: PARKS_NOT;
    ParksByKey: PARKS_BY_KEY;
    UnparksAll: UNPARKS_ALL;
    OneOutbox: ONE_OUTBOX;
    CountsNone: COUNTS_NONE;
    KeepsTheOld: KEEPS_THE_OLD;
    SentByKey: SENT_BY_KEY;
    ClearsNot: CLEARS_NOT;
}

struct Buggy<B>(MemoryOutbox, PhantomData<fn() -> B>);

impl<B> Clone for Buggy<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

type Tx = MemoryOutboxTx;
type Lease = MemoryOutboxLease;

fn named<B: Bug>(outbox: &str) -> &str {
    if B::ONE_OUTBOX { "outbox" } else { outbox }
}

impl<B: Bug> ReadStore for Buggy<B> {
    type Tx = Tx;
    type Lease = Lease;

    async fn lease(&self, projection: &str) -> Result<Option<Lease>, ReadStoreError> {
        self.0.lease(projection).await
    }

    async fn transact<T: Send + 'static>(&self, work: Work<Tx, T>) -> Result<T, ReadStoreError> {
        use es_core::Ended;
        if !B::ROLLBACK_COMMITS {
            return self.0.transact(work).await;
        }
        let commits: Work<Tx, T> = Box::new(move |tx| {
            Box::pin(async move {
                let (Ended::Commit(value) | Ended::RollBack(value)) = work(tx).await;
                Ended::Commit(value)
            })
        });
        self.0.transact(commits).await
    }

    async fn load(lease: &Lease, tx: &mut Tx) -> Result<Option<Checkpoint>, ReadStoreError> {
        MemoryOutbox::load(lease, tx).await
    }

    async fn save(lease: &Lease, tx: &mut Tx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        MemoryOutbox::save(lease, tx, checkpoint).await
    }

    async fn park(lease: &Lease, tx: &mut Tx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        MemoryOutbox::park(lease, tx, event).await
    }

    async fn unpark(lease: &Lease, tx: &mut Tx, positions: RangeInclusive<Position>) -> Result<(), ReadStoreError> {
        MemoryOutbox::unpark(lease, tx, positions).await
    }

    async fn parked(
        lease: &Lease,
        tx: &mut Tx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        MemoryOutbox::parked(lease, tx, after, limit).await
    }
}

impl<B: Bug> OutboxStore for Buggy<B> {
    async fn put(tx: &mut Tx, outbox: &str, messages: &[OutboxMessage]) -> Result<(), ReadStoreError> {
        for message in messages {
            let mut message = message.clone();
            if B::IGNORES_ORDINAL {
                message.ordinal = 0;
            }
            if B::KEEPS_THE_OLD {
                let there = MemoryOutbox::ready(tx, outbox, &[], usize::MAX).await?;
                if there.iter().any(|other| other.key() == message.key()) {
                    continue;
                }
            }
            MemoryOutbox::put(tx, named::<B>(outbox), &[message]).await?;
        }
        Ok(())
    }

    async fn clear(tx: &mut Tx, outbox: &str) -> Result<(), ReadStoreError> {
        if B::CLEARS_NOT {
            return Ok(());
        }
        MemoryOutbox::clear(tx, named::<B>(outbox)).await
    }

    async fn ready(
        tx: &mut Tx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, ReadStoreError> {
        let except = if B::IGNORES_EXCEPT { &[] } else { except };
        let mut messages = MemoryOutbox::ready(tx, named::<B>(outbox), except, limit).await?;
        if B::BACKWARDS {
            messages.reverse();
        }
        Ok(messages)
    }

    async fn sent(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> Result<(), ReadStoreError> {
        if B::NEVER_SENT {
            return Ok(());
        }
        if B::SENT_BY_KEY {
            let mut there = MemoryOutbox::ready(tx, named::<B>(outbox), &[], usize::MAX).await?;
            there.retain(|there| messages.iter().any(|message| message.key() == there.key()));
            return MemoryOutbox::sent(lease, tx, named::<B>(outbox), &there, keep).await;
        }
        MemoryOutbox::sent(lease, tx, named::<B>(outbox), messages, keep).await
    }

    async fn forget(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, ReadStoreError> {
        if B::FORGETS_NOT {
            return Ok(0);
        }
        let before = if B::FORGETS_ALL { Timestamp::from_micros(i64::MAX) } else { before };
        MemoryOutbox::forget(lease, tx, named::<B>(outbox), before, limit).await
    }

    async fn park_message(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> Result<(), ReadStoreError> {
        if B::PARKS_NOT {
            return Ok(());
        }
        if B::PARKS_BY_KEY {
            let there = MemoryOutbox::ready(tx, named::<B>(outbox), &[], usize::MAX).await?;
            let there = there.into_iter().find(|there| there.key() == message.key);
            let id = there.map_or_else(|| message.id.clone(), |there| there.id);
            let message = ParkedMessage { id, ..message.clone() };
            return MemoryOutbox::park_message(lease, tx, named::<B>(outbox), &message).await;
        }
        MemoryOutbox::park_message(lease, tx, named::<B>(outbox), message).await
    }

    async fn unpark_messages(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        let stream = stream.filter(|_| !B::UNPARKS_ALL);
        MemoryOutbox::unpark_messages(lease, tx, named::<B>(outbox), stream).await
    }

    async fn discard(lease: &Lease, tx: &mut Tx, outbox: &str, id: &str) -> Result<Option<StreamId>, ReadStoreError> {
        MemoryOutbox::discard(lease, tx, named::<B>(outbox), id).await
    }

    async fn parked_messages(
        tx: &mut Tx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, ReadStoreError> {
        MemoryOutbox::parked_messages(tx, named::<B>(outbox), after, limit).await
    }

    async fn size(tx: &mut Tx, outbox: &str) -> Result<OutboxSize, ReadStoreError> {
        if B::COUNTS_NONE {
            return Ok(OutboxSize::default());
        }
        MemoryOutbox::size(tx, named::<B>(outbox)).await
    }
}

struct With<B>(PhantomData<fn() -> B>);

/// The points for outboxes need no table.
impl<B: Bug> ReadHarness for With<B> {
    type Store = Buggy<B>;

    async fn create() -> Self {
        Self(PhantomData)
    }

    async fn open(&self) -> Buggy<B> {
        Buggy(MemoryOutbox::new(), PhantomData)
    }

    async fn create_table(_: &mut Tx) -> Projected {
        Err("there are no tables".into())
    }

    async fn drop_table(_: &mut Tx) -> Projected {
        Err("there are no tables".into())
    }

    async fn set(_: &mut Tx, _: &str, _: i64) -> Projected {
        Err("there are no tables".into())
    }

    async fn get(_: &mut Tx, _: &str) -> Result<Option<i64>, BoxError> {
        Err("there are no tables".into())
    }

    async fn table(&self, _: &Buggy<B>) -> Option<BTreeMap<String, i64>> {
        None
    }
}

mod correct {
    es_core::testing::outbox_conformance!(super::With<super::Correct>);
}

/// Whether a point fails.
fn catches(point: fn()) -> bool {
    std::panic::catch_unwind(point).is_err()
}

#[test]
fn a_rollback_that_commits_is_caught() {
    assert!(catches(points::o1_messages_are_there_with_the_checkpoint_or_not_at_all::<With<RollbackCommits>>));
}

#[test]
fn messages_in_another_order_are_caught() {
    assert!(catches(points::o2_messages_come_in_the_order_of_their_keys::<With<Backwards>>));
    assert!(catches(points::o2_messages_come_in_the_order_of_their_keys::<With<IgnoresOrdinal>>));
    assert!(catches(points::o8_each_message_is_sent_in_order_though_relays_end_at_any_moment::<With<Backwards>>));
}

#[test]
fn messages_that_are_lost_are_caught() {
    assert!(catches(points::o8_each_message_is_sent_in_order_though_relays_end_at_any_moment::<With<IgnoresOrdinal>>));
}

#[test]
fn streams_that_are_not_left_out_are_caught() {
    assert!(catches(points::o2_streams_can_be_left_out::<With<IgnoresExcept>>));
}

#[test]
fn messages_that_are_never_sent_or_never_deleted_are_caught() {
    assert!(catches(points::o3_what_was_sent_is_not_ready_any_more::<With<NeverSent>>));
    assert!(catches(points::o3_what_was_kept_is_deleted_by_time_some_at_once::<With<ForgetsNot>>));
    assert!(catches(points::o3_what_was_kept_is_deleted_by_time_some_at_once::<With<ForgetsAll>>));
}

#[test]
fn parked_messages_that_do_not_wait_are_caught() {
    assert!(catches(points::o4_what_is_parked_waits_until_it_is_taken_back::<With<ParksNot>>));
    assert!(catches(points::o4_what_is_parked_waits_until_it_is_taken_back::<With<UnparksAll>>));
    assert!(catches(points::o4_a_parked_message_can_be_discarded::<With<ParksNot>>));
}

#[test]
fn another_message_that_is_parked_is_caught() {
    let point = points::o4_another_message_in_the_place_of_one_that_failed_is_not_parked::<With<ParksByKey>>;
    assert!(catches(point));
}

#[test]
fn an_outbox_that_all_share_is_caught() {
    assert!(catches(points::o5_outboxes_of_two_names_do_not_meet::<With<OneOutbox>>));
}

#[test]
fn a_size_that_is_wrong_is_caught() {
    assert!(catches(points::o6_the_size_is_what_is_there::<With<CountsNone>>));
}

#[test]
fn a_message_that_keeps_its_old_content_is_caught() {
    assert!(catches(points::o7_a_message_that_is_put_once_more_is_sent_once_more::<With<KeepsTheOld>>));
}

#[test]
fn a_message_that_is_lost_as_the_one_before_it_was_sent_is_caught() {
    assert!(catches(points::o7_a_message_that_takes_the_place_of_one_being_sent_is_sent_too::<With<SentByKey>>));
}

#[test]
fn an_outbox_that_is_not_cleared_is_caught() {
    assert!(catches(points::o7_what_is_still_to_be_sent_can_be_taken_out::<With<ClearsNot>>));
}
