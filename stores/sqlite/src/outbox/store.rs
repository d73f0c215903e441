//! `SqliteStore` as a store for outboxes.

use es_core::{
    JournalError, MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, ReadStoreError, StreamId,
    Timestamp,
};
use rusqlite::Connection;

use super::{messages, parked};
use crate::place::Failure;
use crate::projection::{SqliteLease, SqliteTx};
use crate::store::SqliteStore;

/// Does what only the one may do who has the lease.
fn with_lease<T>(
    lease: &SqliteLease,
    tx: &SqliteTx,
    action: &'static str,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, ReadStoreError> {
    let done: Result<_, JournalError> =
        tx.own(action, |db| if lease.is_current(db)? { work(db).map(Some) } else { Ok(None) });
    done?.ok_or_else(|| ReadStoreError::TakenOver { projection: lease.name().to_owned() })
}

impl OutboxStore for SqliteStore {
    async fn put(tx: &mut SqliteTx, outbox: &str, messages: &[OutboxMessage]) -> Result<(), ReadStoreError> {
        Ok(tx.own("put messages into an outbox", |db| messages::put(db, outbox, messages))?)
    }

    async fn clear(tx: &mut SqliteTx, outbox: &str) -> Result<(), ReadStoreError> {
        Ok(tx.own("clear an outbox", |db| messages::clear(db, outbox))?)
    }

    async fn ready(
        tx: &mut SqliteTx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, ReadStoreError> {
        Ok(tx.own("read an outbox", |db| messages::ready(db, outbox, except, limit))?)
    }

    async fn sent(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> Result<(), ReadStoreError> {
        with_lease(lease, tx, "note messages as sent", |db| messages::sent(db, outbox, messages, keep))
    }

    async fn forget(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, ReadStoreError> {
        with_lease(lease, tx, "delete messages that were sent", |db| messages::forget(db, outbox, before, limit))
    }

    async fn park_message(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> Result<(), ReadStoreError> {
        with_lease(lease, tx, "park a message", |db| parked::park(db, outbox, message))
    }

    async fn unpark_messages(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        with_lease(lease, tx, "take back parked messages", |db| parked::unpark(db, outbox, stream))
    }

    async fn discard(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        outbox: &str,
        id: &str,
    ) -> Result<Option<StreamId>, ReadStoreError> {
        with_lease(lease, tx, "discard a parked message", |db| parked::discard(db, outbox, id))
    }

    async fn parked_messages(
        tx: &mut SqliteTx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, ReadStoreError> {
        Ok(tx.own("read parked messages", |db| parked::parked(db, outbox, after, limit))?)
    }

    async fn size(tx: &mut SqliteTx, outbox: &str) -> Result<OutboxSize, ReadStoreError> {
        Ok(tx.own("count the messages of an outbox", |db| messages::size(db, outbox))?)
    }
}
