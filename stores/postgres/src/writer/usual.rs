//! What most appends are: events for one stream that has some. They need less of the server than `append` of the schema.

use std::collections::HashSet;

use es_core::{Append, Appended, AppendedStream, ExpectedVersion, Payload, Position, StreamAppend, Timestamp};
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::columns::EventColumns;
use super::commit::{Failure, run};
use super::kinds::{KindNumbers, NewKind};
use super::waiting::Waiting;
use super::{Session, Writer, ready};
use crate::reader::{as_integer, as_time};

/// The most events that are written so in one statement: the server walks to each in its array.
const EVENTS: usize = 512;
/// With fewer of them, those that stand among others go along with these, in the one statement that they need.
const AMONG_OTHERS: usize = 16;

/// An append of events to a stream that has some.
#[derive(Debug, Clone, Copy)]
struct Usual<'a> {
    /// Which one it is of all that are written.
    index: usize,
    part: &'a StreamAppend,
    /// The number of its stream.
    no: i64,
}

/// Which of the appends are usual ones: no two of the same stream, and not too many events.
fn usual(appends: &[Append]) -> Vec<Usual<'_>> {
    let (mut usual, mut streams, mut events) = (Vec::new(), HashSet::new(), 0);
    for (index, append) in appends.iter().enumerate() {
        let [part] = &*append.streams else { continue };
        let is_new = matches!(part.expected, ExpectedVersion::NoStream | ExpectedVersion::Exact(0));
        if is_new || part.events.is_empty() || events + part.events.len() > EVENTS || !streams.insert(&part.stream) {
            continue;
        }
        events += part.events.len();
        usual.push(Usual { index, part, no: 0 });
    }
    if usual.len() < appends.len() && usual.len() < AMONG_OTHERS {
        usual.clear();
    }
    usual
}

impl Writer {
    /// Writes the usual ones among the appends. What is open then was not written.
    pub(super) async fn usual(&mut self, waiting: &mut Waiting) {
        let mut usual = usual(&waiting.appends);
        if usual.is_empty() {
            return;
        }
        match self.written(&mut usual).await {
            Ok(written) => {
                for (index, appended) in written {
                    waiting.answer(index, Ok(appended));
                }
            }
            // Nobody may write again what may be written. The others were not sent.
            Err(failure @ Failure::Unknown(_)) => {
                let sent: Vec<_> = usual.iter().map(|append| append.index).collect();
                waiting.fail(&sent, failure, &self.connector.place);
            }
            // Nobody else has to find out the same.
            Err(failure) if failure.concerns_all() => {
                let open = waiting.open();
                waiting.fail(&open, failure, &self.connector.place);
            }
            // It is one of them: which one is found out without the others.
            Err(_) => {}
        }
    }

    /// Writes them in one statement; gives the answers to those that it has written.
    async fn written(&mut self, usual: &mut Vec<Usual<'_>>) -> Result<Vec<(usize, Appended)>, Failure> {
        let now = self.clock.now();
        let mut session = self.session().await?;
        session.add_kinds(&self.connector.schema, usual.iter().map(|append| append.part)).await?;
        let Session { db, numbers, kinds, .. } = &mut session;
        let streams = usual.iter().map(|append| &append.part.stream);
        let unknown: Vec<_> = streams.filter(|stream| numbers.get(stream).is_none()).collect();
        if !unknown.is_empty() {
            let found = numbers.find(db, ready(&self.statements.numbers), &unknown).await;
            // The events have not been sent yet.
            found.map_err(Failure::NotWritten)?;
        }
        usual.retain_mut(|append| {
            numbers.get(&append.part.stream).is_some_and(|no| {
                append.no = no;
                true
            })
        });
        if usual.is_empty() {
            self.keep(session);
            return Ok(Vec::new());
        }
        // As `append` of the schema locks them.
        usual.sort_unstable_by_key(|append| append.no);
        // Of two with the same number one has its number from before a restore.
        usual.dedup_by_key(|append| append.no);
        let columns = Columns::new(usual, kinds);
        let query = match usual.as_slice() {
            [Usual { part, .. }] if part.events.len() == 1 => {
                columns.bind_one(sqlx::query(ready(&self.statements.one)), now)
            }
            _ => columns.bind(sqlx::query(ready(&self.statements.usual)), now),
        };
        let (result, warned) = self.notices.watch(run(db, query)).await;
        if warned {
            return Err(Failure::warned());
        }
        let row = match result {
            Ok(row) => row,
            // Between two statements, and in no transaction: it can be used again.
            Err(failure @ Failure::NotWritten(_)) if !failure.concerns_all() => {
                self.keep(session);
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        };
        drop(columns);
        let mut written = Vec::with_capacity(usual.len());
        let answers = row.map_or_else(|| Ok(vec![None]), |row| read(&row, usual)).map_err(Failure::Unknown)?;
        for (append, answer) in usual.iter().zip(answers) {
            match answer {
                Some(appended) => written.push((append.index, appended)),
                // Another one was faster, or what was known is no longer so.
                None => session.numbers.forget(&append.part.stream),
            }
        }
        if !written.is_empty() {
            self.watch.appended();
        }
        self.keep(session);
        Ok(written)
    }
}

/// The parameters of `usual.sql`.
#[derive(Debug)]
struct Columns<'a> {
    nos: Vec<i64>,
    expected: Vec<Option<i64>>,
    firsts: Vec<i32>,
    counts: Vec<i32>,
    aggregates: Vec<&'a str>,
    ids: Vec<&'a str>,
    events: EventColumns<'a>,
}

impl<'a> Columns<'a> {
    fn new(usual: &[Usual<'a>], kinds: &KindNumbers) -> Self {
        let with_room = || Vec::with_capacity(usual.len());
        let mut columns = Self {
            nos: Vec::with_capacity(usual.len()),
            expected: Vec::with_capacity(usual.len()),
            firsts: with_room(),
            counts: with_room(),
            aggregates: Vec::with_capacity(usual.len()),
            ids: Vec::with_capacity(usual.len()),
            events: EventColumns::default(),
        };
        let mut first = 1;
        for Usual { part, no, .. } in usual {
            let StreamAppend { stream, expected, events } = part;
            // There are few of them.
            let count = i32::try_from(events.len()).unwrap_or(i32::MAX);
            columns.nos.push(*no);
            columns.expected.push(match expected {
                ExpectedVersion::Any => None,
                ExpectedVersion::NoStream => Some(0),
                ExpectedVersion::Exact(version) => Some(as_integer(*version)),
            });
            columns.firsts.push(first);
            columns.counts.push(count);
            columns.aggregates.push(stream.aggregate());
            columns.ids.push(stream.id());
            first += count;
            for event in events {
                let kind = kinds.get(NewKind::of(stream.aggregate(), event)).unwrap_or(0);
                let payload = Payload { format: &event.format, bytes: &event.payload };
                columns.events.push(event.id, kind, payload, &event.metadata);
            }
        }
        columns
    }

    fn bind<'q>(&'q self, query: Query<'q, Postgres, PgArguments>, now: Timestamp) -> Query<'q, Postgres, PgArguments> {
        let query = query.bind(&self.nos).bind(&self.expected).bind(&self.firsts).bind(&self.counts);
        self.events.bind(query.bind(&self.aggregates).bind(&self.ids).bind(now.as_micros()))
    }

    /// The parameters of `one.sql`.
    fn bind_one<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        now: Timestamp,
    ) -> Query<'q, Postgres, PgArguments> {
        let query = query.bind(self.nos.first()).bind(self.expected.first().copied().flatten());
        self.events.bind_one(query.bind(self.aggregates.first()).bind(self.ids.first()).bind(now.as_micros()))
    }
}

/// Reads what `usual.sql` or `one.sql` has answered: for each of the appends, which stand by number, whether it was written.
fn read(row: &PgRow, usual: &[Usual<'_>]) -> Result<Vec<Option<Appended>>, sqlx::Error> {
    let mut answers = Vec::new();
    answers.resize_with(usual.len(), || None);
    let epoch: Option<i64> = row.try_get(0)?;
    let epoch = epoch.and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0);
    // Of the events in the order in which they were written: the streams stand in the same one.
    let numbers: Vec<i64> = row.try_get::<Option<_>, _>(1)?.unwrap_or_default();
    let streams: Vec<i64> = row.try_get::<Option<_>, _>(2)?.unwrap_or_default();
    let versions: Vec<i64> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
    let times: Vec<i64> = row.try_get::<Option<_>, _>(4)?.unwrap_or_default();
    let mut events = 0;
    for ((no, version), time) in streams.iter().zip(&versions).zip(times) {
        let index = usual.binary_search_by_key(no, |append| append.no);
        let count = index.map_or(0, |index| usual[index].part.events.len());
        events += count;
        let appended = numbers.get(events.wrapping_sub(1)).and_then(|number| {
            let position = Position { epoch, number: u64::try_from(*number).ok()? };
            let (last, recorded_at) = (u64::try_from(*version).ok()?, as_time(time)?);
            let first = last.checked_sub(count as u64)? + 1;
            let streams = vec![AppendedStream { versions: Some(first..=last), position }];
            Some(Appended { streams, position, recorded_at, repeated: false })
        });
        // It is written: there is nothing to be tried again.
        let (Ok(index), Some(appended)) = (index, appended) else { return Err(sqlx::Error::RowNotFound) };
        answers[index] = Some(appended);
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use es_core::{EventId, NewEvent, StreamId};

    use super::*;

    fn append(stream: &str, expected: ExpectedVersion, events: usize) -> Append {
        let event = || NewEvent {
            id: EventId::new(),
            name: "happened".into(),
            version: 1,
            format: "json".into(),
            payload: b"{}".to_vec(),
            metadata: Arc::default(),
        };
        let stream = StreamId::new("thing", stream).unwrap();
        Append::to_stream(stream, expected, std::iter::repeat_with(event).take(events).collect())
    }

    fn chosen(appends: &[Append]) -> Vec<usize> {
        usual(appends).iter().map(|append| append.index).collect()
    }

    #[test]
    fn what_begins_a_stream_or_only_looks_at_one_is_not_usual() {
        let (exact, any) = (ExpectedVersion::Exact, ExpectedVersion::Any);
        assert_eq!(chosen(&[append("a", exact(1), 1), append("b", any, 2)]), [0, 1]);
        for other in [append("a", ExpectedVersion::NoStream, 1), append("a", exact(0), 1), append("a", exact(1), 0)] {
            assert_eq!(chosen(&[other]), [0; 0]);
        }
        let two = Append { streams: [append("a", any, 1), append("b", any, 1)].map(|append| append.streams).concat() };
        assert_eq!(chosen(&[two]), [0; 0]);
    }

    #[test]
    fn the_second_of_a_stream_waits_and_few_do_not_go_ahead_of_others() {
        let mut appends: Vec<_> =
            (0..AMONG_OTHERS).map(|number| append(&number.to_string(), ExpectedVersion::Exact(1), 1)).collect();
        appends.push(append("0", ExpectedVersion::Exact(2), 1));
        assert_eq!(chosen(&appends), (0..AMONG_OTHERS).collect::<Vec<_>>());
        appends.remove(1);
        assert_eq!(chosen(&appends), [0; 0]);
    }

    #[test]
    fn what_is_too_long_is_not_usual() {
        assert_eq!(chosen(&[append("a", ExpectedVersion::Exact(1), EVENTS)]), [0]);
        assert_eq!(chosen(&[append("a", ExpectedVersion::Exact(1), EVENTS + 1)]), [0; 0]);
    }
}
