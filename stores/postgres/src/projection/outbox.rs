//! `PostgresStore` as a store for outboxes: the rows of `outbox`.

use std::collections::BTreeMap;

use es_core::{
    MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, Position, ReadStoreError, StreamId, Timestamp,
};
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::checkpoint::{integer, position, too_large};
use super::parked::fenced;
use super::statements::Statement;
use super::{PostgresLease, PostgresTx};
use crate::store::PostgresStore;

type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// A statement about an outbox.
fn about<'q>(statement: &Statement, outbox: &str) -> Bound<'q> {
    sqlx::query(statement.sql()).bind(outbox.to_owned())
}

async fn execute(tx: &mut PostgresTx, action: &'static str, query: Bound<'_>) -> Result<u64, ReadStoreError> {
    let done = query.execute(tx.own()).await.map_err(|error| tx.error(action, error))?;
    Ok(done.rows_affected())
}

async fn fetch(tx: &mut PostgresTx, action: &'static str, query: Bound<'_>) -> Result<Vec<PgRow>, ReadStoreError> {
    query.fetch_all(tx.own()).await.map_err(|error| tx.error(action, error))
}

fn number(tx: &PostgresTx, number: u64) -> Result<i64, ReadStoreError> {
    Ok(integer(number).ok_or_else(|| too_large(tx, number))?)
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn damaged(tx: &PostgresTx, what: &str) -> ReadStoreError {
    tx.damaged(format!("a message of an outbox: {what}")).into()
}

/// Keys as PostgreSQL has them: a list of each part.
fn keys(tx: &PostgresTx, keys: impl Iterator<Item = MessageKey>) -> Result<[Vec<i64>; 3], ReadStoreError> {
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    for MessageKey { position, ordinal } in keys {
        lists[0].push(number(tx, position.epoch)?);
        lists[1].push(number(tx, position.number)?);
        lists[2].push(i64::from(ordinal));
    }
    Ok(lists)
}

impl OutboxStore for PostgresStore {
    async fn put(tx: &mut PostgresTx, outbox: &str, messages: &[OutboxMessage]) -> Result<(), ReadStoreError> {
        // The last one of a key is the one that counts.
        let messages: BTreeMap<_, _> = messages.iter().map(|message| (message.key(), message)).collect();
        let [epochs, numbers, ordinals] = keys(tx, messages.keys().copied())?;
        let texts = |text: fn(&OutboxMessage) -> &str| -> Vec<String> {
            messages.values().map(|message| text(message).to_owned()).collect()
        };
        let query = about(&tx.statements.outbox_put, outbox)
            .bind(epochs)
            .bind(numbers)
            .bind(ordinals)
            .bind(texts(|message| message.stream.aggregate()))
            .bind(texts(|message| message.stream.id()))
            .bind(texts(|message| &message.id))
            .bind(texts(|message| &message.event_type))
            .bind(texts(|message| &message.json));
        execute(tx, "put messages into an outbox", query).await.map(drop)
    }

    async fn clear(tx: &mut PostgresTx, outbox: &str) -> Result<(), ReadStoreError> {
        let query = about(&tx.statements.outbox_clear, outbox);
        execute(tx, "clear an outbox", query).await.map(drop)
    }

    async fn ready(
        tx: &mut PostgresTx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, ReadStoreError> {
        let aggregates: Vec<String> = except.iter().map(|stream| stream.aggregate().to_owned()).collect();
        let ids: Vec<String> = except.iter().map(|stream| stream.id().to_owned()).collect();
        let query = about(&tx.statements.outbox_ready, outbox)
            .bind(limited(limit))
            .bind(aggregates)
            .bind(ids)
            .bind(limited(OutboxMessage::AT_ONCE));
        let rows = fetch(tx, "read an outbox", query).await?;
        rows.iter().map(|row| message(row).map_err(|what| damaged(tx, what))).collect()
    }

    async fn sent(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let [epochs, numbers, ordinals] = keys(tx, messages.iter().map(OutboxMessage::key))?;
        let events: Vec<String> = messages.iter().map(|message| message.json.clone()).collect();
        let statements = &tx.statements;
        let statement = if keep.is_some() { &statements.outbox_keep } else { &statements.outbox_delete };
        let query = about(statement, outbox).bind(epochs).bind(numbers).bind(ordinals).bind(events);
        let query = match keep {
            Some(at) => query.bind(at.as_micros()),
            None => query,
        };
        execute(tx, "note messages as sent", query).await.map(drop)
    }

    async fn forget(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, ReadStoreError> {
        fenced(lease, tx).await?;
        let query = about(&tx.statements.outbox_forget, outbox).bind(before.as_micros()).bind(limited(limit));
        execute(tx, "delete messages that were sent", query).await
    }

    async fn park_message(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let ParkedMessage { key: MessageKey { position, ordinal }, id, attempts, error, parked_at, .. } = message;
        let query = about(&tx.statements.outbox_park, outbox)
            .bind(number(tx, position.epoch)?)
            .bind(number(tx, position.number)?)
            .bind(i64::from(*ordinal))
            .bind(i64::from(*attempts))
            // A text of PostgreSQL cannot hold it, and an error may quote anything.
            .bind(error.as_ref().map(|error| error.replace('\0', "\u{fffd}")))
            .bind(parked_at.as_micros())
            .bind(id);
        execute(tx, "park a message", query).await.map(drop)
    }

    async fn unpark_messages(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        fenced(lease, tx).await?;
        let query = about(&tx.statements.outbox_unpark, outbox)
            .bind(stream.map(|stream| stream.aggregate().to_owned()))
            .bind(stream.map(|stream| stream.id().to_owned()));
        execute(tx, "take back parked messages", query).await
    }

    async fn discard(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        outbox: &str,
        id: &str,
    ) -> Result<Option<StreamId>, ReadStoreError> {
        fenced(lease, tx).await?;
        let query = about(&tx.statements.outbox_discard, outbox).bind(id.to_owned());
        let rows = fetch(tx, "discard a parked message", query).await?;
        let stream = rows.first().map(|row| StreamId::new(row.get(0), row.get(1)));
        stream.transpose().map_err(|error| damaged(tx, &error.to_string()))
    }

    async fn parked_messages(
        tx: &mut PostgresTx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, ReadStoreError> {
        let (epoch, at, ordinal) = match after {
            Some(MessageKey { position: Position { epoch, number: at }, ordinal }) => {
                (number(tx, epoch)?, number(tx, at)?, i64::from(ordinal))
            }
            None => (-1, -1, -1),
        };
        let query = about(&tx.statements.outbox_parked, outbox).bind(epoch).bind(at).bind(ordinal).bind(limited(limit));
        let rows = fetch(tx, "read parked messages", query).await?;
        rows.iter().map(|row| parked(row).map_err(|what| damaged(tx, what))).collect()
    }

    async fn size(tx: &mut PostgresTx, outbox: &str) -> Result<OutboxSize, ReadStoreError> {
        let (ready, first_ready) = count(tx, outbox, "ready").await?;
        let (parked, first_parked) = count(tx, outbox, "parked").await?;
        Ok(OutboxSize { ready, parked, first_ready, first_parked })
    }
}

/// How many messages are in a state, and where the first one is.
async fn count(
    tx: &mut PostgresTx,
    outbox: &str,
    state: &'static str,
) -> Result<(u64, Option<Position>), ReadStoreError> {
    let query = about(&tx.statements.outbox_size, outbox).bind(state);
    let rows = fetch(tx, "count the messages of an outbox", query).await?;
    let Some(row) = rows.first() else { return Ok((0, None)) };
    let first = match (row.get(1), row.get(2)) {
        (Some(epoch), Some(number)) => {
            Some(position(epoch, number).ok_or_else(|| damaged(tx, "its position is not one"))?)
        }
        _ => None,
    };
    Ok((row.get::<i64, _>(0).unsigned_abs(), first))
}

fn key(row: &PgRow) -> Result<MessageKey, &'static str> {
    let position = position(row.get(0), row.get(1)).ok_or("its position is not one")?;
    let ordinal = u32::try_from(row.get::<i64, _>(2)).map_err(|_| "its ordinal is not one")?;
    Ok(MessageKey { position, ordinal })
}

fn stream(row: &PgRow) -> Result<StreamId, &'static str> {
    StreamId::new(row.get(3), row.get(4)).map_err(|_| "its stream is not one")
}

fn message(row: &PgRow) -> Result<OutboxMessage, &'static str> {
    let MessageKey { position, ordinal } = key(row)?;
    Ok(OutboxMessage {
        position,
        ordinal,
        stream: stream(row)?,
        id: row.get(5),
        event_type: row.get(6),
        json: row.get(7),
    })
}

fn parked(row: &PgRow) -> Result<ParkedMessage, &'static str> {
    Ok(ParkedMessage {
        key: key(row)?,
        stream: stream(row)?,
        id: row.get(5),
        event_type: row.get(6),
        attempts: u32::try_from(row.get::<i64, _>(7)).map_err(|_| "its number of tries is not one")?,
        error: row.get(8),
        parked_at: row
            .get::<Option<i64>, _>(9)
            .map(Timestamp::from_micros)
            .ok_or("it does not say when it was parked")?,
    })
}
