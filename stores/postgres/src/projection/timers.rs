//! The rows of `reaction_timers` and `reaction_answers`.

use es_core::{CommandId, EventId, KeptAnswer, ReactionStore, ReadStoreError, StreamId, Timer, Timestamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::checkpoint::{integer, too_large};
use super::parked::fenced;
use super::{PostgresLease, PostgresTx};
use crate::store::PostgresStore;

impl ReactionStore for PostgresStore {
    async fn set_timer(lease: &PostgresLease, tx: &mut PostgresTx, timer: &Timer) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let Timer { stream, name, event, version, index, due, error } = timer;
        let query = sqlx::query(tx.statements.set_timer.sql())
            .bind(&lease.projection)
            .bind(stream.aggregate())
            .bind(stream.id())
            .bind(text(name))
            .bind(due.as_micros())
            .bind(event.as_uuid())
            .bind(integer(*version).ok_or_else(|| too_large(tx, *version))?)
            .bind(i64::from(*index))
            .bind(error.as_deref().map(text));
        query.execute(tx.own()).await.map_err(|error| tx.error("set a timer", error))?;
        Ok(())
    }

    async fn remove_timer(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        stream: &StreamId,
        name: &str,
    ) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let query = sqlx::query(tx.statements.remove_timer.sql())
            .bind(&lease.projection)
            .bind(stream.aggregate())
            .bind(stream.id())
            .bind(text(name));
        query.execute(tx.own()).await.map_err(|error| tx.error("remove a timer", error))?;
        Ok(())
    }

    async fn timers(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        put_aside: bool,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadStoreError> {
        let query = sqlx::query(tx.statements.timers.sql())
            .bind(&lease.projection)
            .bind(put_aside)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = query.fetch_all(tx.own()).await.map_err(|error| tx.error("read timers", error))?;
        let timers = rows.iter().map(timer).collect::<Result<_, _>>();
        Ok(timers.map_err(|what| tx.damaged(format!("a timer: {what}")))?)
    }

    async fn keep_answer(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        answer: &KeptAnswer,
    ) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let KeptAnswer { occasion, command, stream, version, decided_at } = answer;
        let query = sqlx::query(tx.statements.keep_answer.sql())
            .bind(&lease.projection)
            .bind(command.as_uuid())
            .bind(*occasion)
            .bind(stream.aggregate())
            .bind(stream.id())
            .bind(integer(*version).ok_or_else(|| too_large(tx, *version))?)
            .bind(decided_at.as_micros());
        query.execute(tx.own()).await.map_err(|error| tx.error("keep an answer", error))?;
        Ok(())
    }

    async fn answers(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        let query = sqlx::query(tx.statements.answers.sql()).bind(&lease.projection);
        let rows = query.fetch_all(tx.own()).await.map_err(|error| tx.error("read kept answers", error))?;
        let answers = rows.iter().map(answer).collect::<Result<_, _>>();
        Ok(answers.map_err(|what| tx.damaged(format!("a kept answer: {what}")))?)
    }

    async fn forget_answers(lease: &PostgresLease, tx: &mut PostgresTx, occasion: Uuid) -> Result<(), ReadStoreError> {
        fenced(lease, tx).await?;
        let query = sqlx::query(tx.statements.forget_answers.sql()).bind(&lease.projection).bind(occasion);
        query.execute(tx.own()).await.map_err(|error| tx.error("forget kept answers", error))?;
        Ok(())
    }
}

/// A text of PostgreSQL cannot hold U+0000.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn timer(row: &PgRow) -> Result<Timer, &'static str> {
    Ok(Timer {
        stream: stream(row, 0)?,
        name: row.get(2),
        due: Timestamp::from_micros(row.get(3)),
        event: EventId::from_uuid(row.get(4)),
        version: version(row, 5)?,
        index: u32::try_from(row.get::<i64, _>(6)).map_err(|_| "the index of its event is not one")?,
        error: row.get(7),
    })
}

fn answer(row: &PgRow) -> Result<KeptAnswer, &'static str> {
    Ok(KeptAnswer {
        occasion: row.get(0),
        command: CommandId::from_uuid(row.get(1)),
        stream: stream(row, 2)?,
        version: version(row, 4)?,
        decided_at: Timestamp::from_micros(row.get(5)),
    })
}

fn stream(row: &PgRow, at: usize) -> Result<StreamId, &'static str> {
    StreamId::new(row.get(at), row.get(at + 1)).map_err(|_| "its stream is not one")
}

fn version(row: &PgRow, at: usize) -> Result<u64, &'static str> {
    u64::try_from(row.get::<i64, _>(at)).map_err(|_| "its version is not one")
}
