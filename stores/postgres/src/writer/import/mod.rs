//! Taking over the events of another journal: one transaction of several statements.

use std::collections::HashMap;
use std::sync::Arc;

use es_core::{AppendError, ImportPart, Imported, Page, Position, RawEvent, StreamId};
use sqlx::{Connection, PgConnection, Row};

use super::columns::EventColumns;
use super::commit::{Failure, may_pass};
use super::kinds::{KindNumbers, NewKind};
use super::{TRIES, Writer, rest};
use crate::reader::{as_integer, as_time};
use crate::schema::Schema;

/// The end of a stream, which is locked.
struct Head {
    no: i64,
    version: u64,
    epoch: i64,
    recorded_at: i64,
}

type Answered = Result<Imported, AppendError>;

/// Why events were not written.
enum Refused {
    /// It is their own fault.
    Events(AppendError),
    /// Others were faster.
    Late,
}

impl Writer {
    /// See [`ImportJournal::import`](es_core::ImportJournal::import).
    pub(super) async fn import(&mut self, page: &Page) -> Answered {
        let parts = page.import_parts()?;
        if parts.is_empty() {
            return Ok(Imported { position: Position::START, repeated: false });
        }
        let mut tries = 1;
        loop {
            let failure = match self.import_once(page, &parts).await {
                // An import whose answer was lost comes again.
                Ok(Err(conflict)) => return self.imported_before(page).await?.unwrap_or(Err(conflict)),
                Ok(Ok(imported)) => return Ok(imported),
                Err(failure) => failure,
            };
            if failure.code().as_deref() == Some("23505") {
                if let Some(answer) = self.imported_before(page).await? {
                    return answer;
                }
            } else if !may_pass(&failure) || tries == TRIES {
                return Err(Failure::for_each(&Arc::new(failure), &self.connector.place));
            }
            if tries == TRIES {
                return Err(Failure::for_each(&Arc::new(failure), &self.connector.place));
            }
            rest(tries).await;
            tries += 1;
        }
    }

    /// Writes the events; gives why not, where that is the events' own fault.
    async fn import_once(&mut self, page: &Page, parts: &[ImportPart<'_>]) -> Result<Answered, Failure> {
        let mut session = self.session().await?;
        let kinds = add_kinds(&mut session.db, &mut session.kinds, &self.connector.schema, page).await;
        kinds.map_err(Failure::NotWritten)?;
        let mut transaction = session.db.begin().await.map_err(Failure::NotWritten)?;
        let written = write(&mut transaction, &self.connector.schema, page, parts, &session.kinds).await;
        match written {
            Ok(Ok(position)) => {
                let (committed, warned) = self.notices.watch(transaction.commit()).await;
                committed.map_err(|error| Failure::of(error, true))?;
                if warned {
                    return Err(Failure::warned());
                }
                self.keep(session);
                self.watch.appended();
                Ok(Ok(Imported { position, repeated: false }))
            }
            Ok(Err(refused)) => {
                transaction.rollback().await.map_err(Failure::NotWritten)?;
                self.keep(session);
                match refused {
                    Refused::Events(error) => Ok(Err(error)),
                    Refused::Late => Err(Failure::late()),
                }
            }
            // The transaction ends with the connection. Nothing has asked for it to be committed.
            Err(error) => Err(Failure::NotWritten(error)),
        }
    }

    /// The answer to an import of which events are in the journal; `None` where none is.
    async fn imported_before(&mut self, page: &Page) -> Result<Option<Answered>, AppendError> {
        let found = self.find(page.iter().map(|event| event.id)).await?;
        let duplicate = |event: RawEvent<'_>| {
            Ok(Some(Err(AppendError::DuplicateEvent { stream: event.stream.clone(), id: event.id })))
        };
        let Some(first) = page.iter().find(|event| found.contains_key(&event.id)) else { return Ok(None) };
        let mut position = Position::START;
        for event in page {
            match found.get(&event.id) {
                None => return duplicate(first),
                Some(there) if there.stream != *event.stream || there.version != event.version => {
                    return duplicate(event);
                }
                Some(there) => position = position.max(there.position),
            }
        }
        Ok(Some(Ok(Imported { position, repeated: true })))
    }
}

async fn add_kinds(
    db: &mut PgConnection,
    kinds: &mut KindNumbers,
    schema: &Schema,
    page: &Page,
) -> Result<(), sqlx::Error> {
    let mut new = Vec::new();
    for event in page {
        let kind = kind_of(&event);
        if kinds.get(kind).is_none() && !new.contains(&kind) {
            new.push(kind);
        }
    }
    if new.is_empty() { Ok(()) } else { kinds.add(db, schema, &new).await }
}

fn kind_of<'a>(event: &RawEvent<'a>) -> NewKind<'a> {
    NewKind::new(event.stream.aggregate(), event.name, event.event_version, event.payload.format)
}

/// Writes the events within the transaction. Gives the position of the last.
async fn write(
    db: &mut PgConnection,
    schema: &Schema,
    page: &Page,
    parts: &[ImportPart<'_>],
    kinds: &KindNumbers,
) -> Result<Result<Position, Refused>, sqlx::Error> {
    let heads = lock(db, schema, parts).await?;
    let mut numbers: HashMap<&StreamId, i64> = HashMap::with_capacity(parts.len());
    for part in parts {
        let Some(head) = heads.get(part.stream) else { return Err(sqlx::Error::RowNotFound) };
        let recorded_at = as_time(head.recorded_at).unwrap_or(es_core::Timestamp::MIN);
        if let Err(error) = part.check(head.version, recorded_at) {
            return Ok(Err(Refused::Events(error)));
        }
        numbers.insert(part.stream, head.no);
    }
    let sql = "SELECT (generation << 48) + pg_current_xact_id()::text::bigint FROM {schema}.meta";
    let epoch: i64 = sqlx::query_scalar(schema.sql(sql)).fetch_one(&mut *db).await?;
    if heads.values().any(|head| head.epoch >= epoch) {
        // See the function `append`: the events of a stream would not be in their order.
        return Ok(Err(Refused::Late));
    }
    let number = insert(db, schema, page, epoch, &numbers, kinds).await?;
    let nos: Vec<_> = parts.iter().map(|part| numbers.get(part.stream).copied()).collect();
    let versions: Vec<_> = parts.iter().map(|part| as_integer(part.last_version)).collect();
    let times: Vec<_> = parts.iter().map(|part| part.last_recorded_at.as_micros()).collect();
    sqlx::query(schema.sql(include_str!("grown.sql")))
        .bind(epoch)
        .bind(nos)
        .bind(versions)
        .bind(times)
        .execute(db)
        .await?;
    let place = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Ok(Position { epoch: place(epoch), number: place(number) }))
}

/// Locks the ends of the streams; those that are new are made before.
async fn lock<'a>(
    db: &mut PgConnection,
    schema: &Schema,
    parts: &[ImportPart<'a>],
) -> Result<HashMap<&'a StreamId, Head>, sqlx::Error> {
    let aggregates: Vec<_> = parts.iter().map(|part| part.stream.aggregate()).collect();
    let ids: Vec<_> = parts.iter().map(|part| part.stream.id()).collect();
    let new = include_str!("new_streams.sql");
    sqlx::query(schema.sql(new)).bind(&aggregates).bind(&ids).execute(&mut *db).await?;
    let rows = sqlx::query(schema.sql(include_str!("heads.sql"))).bind(&aggregates).bind(&ids).fetch_all(db).await?;
    let mut heads = HashMap::with_capacity(rows.len());
    for row in rows {
        let (at, version): (i64, i64) = (row.try_get(0)?, row.try_get(2)?);
        let part = usize::try_from(at - 1).ok().and_then(|index| parts.get(index));
        let (Some(part), Ok(version)) = (part, u64::try_from(version)) else { return Err(sqlx::Error::RowNotFound) };
        let head = Head { no: row.try_get(1)?, version, epoch: row.try_get(3)?, recorded_at: row.try_get(4)? };
        heads.insert(part.stream, head);
    }
    Ok(heads)
}

/// Inserts the events. Gives the number of the last.
async fn insert(
    db: &mut PgConnection,
    schema: &Schema,
    page: &Page,
    epoch: i64,
    numbers: &HashMap<&StreamId, i64>,
    kinds: &KindNumbers,
) -> Result<i64, sqlx::Error> {
    let mut columns = EventColumns::default();
    let (mut streams, mut versions, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for event in page {
        streams.push(numbers.get(event.stream).copied());
        versions.push(as_integer(event.version));
        times.push(event.recorded_at.as_micros());
        columns.push(event.id, kinds.get(kind_of(&event)).unwrap_or(0), event.payload, event.metadata);
    }
    let query =
        sqlx::query(schema.sql(include_str!("events.sql"))).bind(epoch).bind(streams).bind(versions).bind(times);
    let rows = columns.bind(query).fetch_all(db).await?;
    let mut last = 0;
    for row in rows {
        last = last.max(row.try_get(0)?);
    }
    Ok(last)
}
