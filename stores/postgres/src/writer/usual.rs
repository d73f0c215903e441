//! What most appends are: events for one stream. They need less of the server than `append` of the schema.

use std::collections::HashSet;

use es_core::{Append, Appended, AppendedStream, ExpectedVersion, Payload, Position, StreamAppend, Timestamp};
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::columns::{EventColumns, expected_version};
use super::commit::{Failure, run};
use super::kinds::{KindNumbers, NewKind};
use super::numbers::StreamNumbers;
use super::waiting::Waiting;
use super::{Session, Writer, ready};
use crate::reader::as_time;

/// The most events that are written so in one statement: the server walks to each in its array.
const EVENTS: usize = 512;
/// With fewer of them, those that stand among others go along with these, in the one statement that they need.
const AMONG_OTHERS: usize = 16;

/// An append of events to one stream.
#[derive(Debug, Clone, Copy)]
struct Usual<'a> {
    /// Which one it is of all that are written.
    index: usize,
    part: &'a StreamAppend,
    /// The number of its stream; `None` where it is to begin.
    no: Option<i64>,
}

impl<'a> Usual<'a> {
    /// Whether its stream is expected to begin.
    fn begins(&self) -> bool {
        matches!(self.part.expected, ExpectedVersion::NoStream | ExpectedVersion::Exact(0))
    }

    /// Whether its stream may have to begin.
    fn may_begin(&self) -> bool {
        self.begins() || self.part.expected == ExpectedVersion::Any
    }

    /// Whether it is the least that an append can be: one event, to a stream that is there.
    fn is_least(&self) -> bool {
        self.no.is_some() && self.part.events.len() == 1
    }

    /// Where it stands in `usual.sql`.
    fn place(&self) -> (bool, Option<i64>, &'a str, &'a str) {
        let stream = &self.part.stream;
        (self.no.is_none(), self.no, stream.aggregate(), stream.id())
    }
}

/// Which of the appends are usual ones: no two of the same stream, and not too many events.
fn usual(appends: &[Append]) -> Vec<Usual<'_>> {
    let (mut usual, mut streams, mut events) = (Vec::new(), HashSet::new(), 0);
    for (index, append) in appends.iter().enumerate() {
        let [part] = &*append.streams else { continue };
        if part.events.is_empty() || events + part.events.len() > EVENTS || !streams.insert(&part.stream) {
            continue;
        }
        events += part.events.len();
        usual.push(Usual { index, part, no: None });
    }
    if usual.len() < appends.len() && usual.len() < AMONG_OTHERS {
        usual.clear();
    }
    usual
}

/// Gives them the numbers of their streams, as far as these are known, and puts them in order. Some are left out.
fn put_in_order(usual: &mut Vec<Usual<'_>>, numbers: &StreamNumbers) {
    let mut new = HashSet::new();
    usual.retain_mut(|append| {
        let stream = &append.part.stream;
        append.no = if append.begins() { None } else { numbers.get(stream) };
        // The statement tells new ones apart by their ids.
        append.no.is_some() || append.may_begin() && new.insert(stream.id())
    });
    usual.sort_unstable_by_key(Usual::place);
    // Of two with the same number one has its number from before a restore.
    usual.dedup_by(|append, before| append.no.is_some() && append.no == before.no);
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
        self.find_numbers(&mut session, usual).await?;
        put_in_order(usual, &self.numbers);
        if usual.is_empty() {
            self.keep(session);
            return Ok(Vec::new());
        }
        let columns = Columns::new(usual, &session.kinds);
        let query = match usual.as_slice() {
            [append] if append.is_least() => columns.bind_one(sqlx::query(ready(&self.statements.one)), now),
            all if all.iter().all(Usual::is_least) => columns.bind_each(sqlx::query(ready(&self.statements.each)), now),
            _ => columns.bind(sqlx::query(ready(&self.statements.usual)), now),
        };
        let (result, warned) = self.notices.watch(run(&mut session.db, query)).await;
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
            let stream = &append.part.stream;
            match answer {
                Some(Written { no, appended }) => {
                    if append.no.is_none() {
                        self.numbers.set(stream, no);
                    }
                    written.push((append.index, appended));
                }
                // Another one was faster, or what was known is no longer so.
                None => self.numbers.forget(stream),
            }
        }
        if !written.is_empty() {
            self.watch.appended();
        }
        self.keep(session);
        Ok(written)
    }

    /// Finds the numbers of streams that are to be there.
    async fn find_numbers(&self, session: &mut Session, usual: &[Usual<'_>]) -> Result<(), Failure> {
        let old = usual.iter().filter(|append| !append.begins()).map(|append| &append.part.stream);
        let unknown: Vec<_> = old.filter(|stream| self.numbers.get(stream).is_none()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        // The events have not been sent yet.
        self.numbers.find(&mut session.db, ready(&self.statements.numbers), &unknown).await.map_err(Failure::NotWritten)
    }
}

/// The parameters of `usual.sql`, `each.sql` and `one.sql`.
#[derive(Debug, Default)]
struct Columns<'a> {
    nos: Vec<i64>,
    expected: Vec<Option<i64>>,
    old: Streams<'a>,
    new: Streams<'a>,
    events: EventColumns<'a>,
}

/// Streams, each with the first of its events, from 1, and how many it has.
#[derive(Debug, Default)]
struct Streams<'a> {
    firsts: Vec<i32>,
    counts: Vec<i32>,
    aggregates: Vec<&'a str>,
    ids: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn new(usual: &[Usual<'a>], kinds: &KindNumbers) -> Self {
        let mut columns = Self::default();
        let mut first = 1;
        for Usual { part, no, .. } in usual {
            let StreamAppend { stream, expected, events } = part;
            let streams = match no {
                Some(no) => {
                    columns.nos.push(*no);
                    columns.expected.push(expected_version(*expected));
                    &mut columns.old
                }
                None => &mut columns.new,
            };
            // There are few of them.
            let count = i32::try_from(events.len()).unwrap_or(i32::MAX);
            streams.firsts.push(first);
            streams.counts.push(count);
            streams.aggregates.push(stream.aggregate());
            streams.ids.push(stream.id());
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
        let Self { nos, expected, old, new, events } = self;
        let query = query.bind(nos).bind(expected).bind(&old.firsts).bind(&old.counts);
        let query = events.bind(query.bind(&old.aggregates).bind(&old.ids).bind(now.as_micros()));
        query.bind(&new.firsts).bind(&new.counts).bind(&new.aggregates).bind(&new.ids)
    }

    /// The parameters of `each.sql`.
    fn bind_each<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        now: Timestamp,
    ) -> Query<'q, Postgres, PgArguments> {
        let Self { nos, expected, old, events, .. } = self;
        let query = query.bind(nos).bind(expected).bind(&old.aggregates).bind(&old.ids);
        events.bind(query.bind(now.as_micros()))
    }

    /// The parameters of `one.sql`.
    fn bind_one<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        now: Timestamp,
    ) -> Query<'q, Postgres, PgArguments> {
        let Self { nos, expected, old, events, .. } = self;
        let query = query.bind(nos.first()).bind(expected.first().copied().flatten());
        events.bind_one(query.bind(old.aggregates.first()).bind(old.ids.first()).bind(now.as_micros()))
    }
}

/// An append that was written, and the number of its stream.
struct Written {
    no: i64,
    appended: Appended,
}

/// Reads what one of the three statements has answered: for each of the appends whether it was written.
fn read(row: &PgRow, usual: &[Usual<'_>]) -> Result<Vec<Option<Written>>, sqlx::Error> {
    let mut answers = Vec::new();
    answers.resize_with(usual.len(), || None);
    let epoch: Option<i64> = row.try_get(0)?;
    let epoch = epoch.and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0);
    // Of the events in the order in which they were written: the streams stand in the same one.
    let numbers: Vec<i64> = row.try_get::<Option<_>, _>(1)?.unwrap_or_default();
    let firsts: Vec<i32> = row.try_get::<Option<_>, _>(2)?.unwrap_or_default();
    let nos: Vec<i64> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
    let versions: Vec<i64> = row.try_get::<Option<_>, _>(4)?.unwrap_or_default();
    let times: Vec<i64> = row.try_get::<Option<_>, _>(5)?.unwrap_or_default();
    let (mut sent, mut first_sent, mut events) = (usual.iter().enumerate(), 1, 0);
    for (((first, no), version), time) in firsts.into_iter().zip(nos).zip(versions).zip(times) {
        // They are answered in the order in which they were sent.
        let found = sent.by_ref().find_map(|(index, append)| {
            let count = append.part.events.len();
            let is_it = first_sent == first;
            first_sent = first_sent.saturating_add(i32::try_from(count).unwrap_or(i32::MAX));
            is_it.then_some((index, count))
        });
        let written = found.and_then(|(index, count)| {
            events += count;
            let number = u64::try_from(*numbers.get(events.checked_sub(1)?)?).ok()?;
            let (last, recorded_at) = (u64::try_from(version).ok()?, as_time(time)?);
            let first = last.checked_sub(count as u64)? + 1;
            let position = Position { epoch, number };
            let streams = vec![AppendedStream { versions: Some(first..=last), position }];
            let appended = Appended { streams, position, recorded_at, repeated: false };
            Some((index, Written { no, appended }))
        });
        // It is written: there is nothing to be tried again.
        let (index, written) = written.ok_or(sqlx::Error::RowNotFound)?;
        answers[index] = Some(written);
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
    fn what_only_looks_at_a_stream_or_has_several_is_not_usual() {
        let (exact, any) = (ExpectedVersion::Exact, ExpectedVersion::Any);
        let both = [append("a", exact(1), 1), append("b", any, 2), append("c", ExpectedVersion::NoStream, 1)];
        assert_eq!(chosen(&both), [0, 1, 2]);
        assert_eq!(chosen(&[append("a", exact(1), 0)]), [0; 0]);
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
    fn streams_that_are_there_stand_by_number_before_those_that_begin() {
        let (exact, any) = (ExpectedVersion::Exact, ExpectedVersion::Any);
        let appends = [
            append("e", ExpectedVersion::NoStream, 1),
            append("d", any, 1),
            append("c", exact(0), 1),
            append("b", exact(3), 1),
            append("a", any, 1),
            append("f", exact(3), 1),
        ];
        let numbers = StreamNumbers::default();
        for (index, no) in [(0, 1), (3, 7), (4, 5)] {
            numbers.set(&appends[index].streams[0].stream, no);
        }
        let mut usual = usual(&appends);
        put_in_order(&mut usual, &numbers);
        let order: Vec<_> = usual.iter().map(|append| (append.part.stream.id(), append.no)).collect();
        // Nobody has to be asked whether the first one is there. The last one cannot begin: it is expected to have events.
        assert_eq!(order, [("a", Some(5)), ("b", Some(7)), ("c", None), ("d", None), ("e", None)]);
    }

    #[test]
    fn of_two_that_begin_with_the_same_id_one_waits() {
        let other = StreamId::new("other", "a").unwrap();
        let mut second = append("a", ExpectedVersion::NoStream, 1);
        second.streams[0].stream = other;
        let appends = [append("a", ExpectedVersion::NoStream, 1), second];
        let mut usual = usual(&appends);
        put_in_order(&mut usual, &StreamNumbers::default());
        assert_eq!(usual.iter().map(|append| append.index).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn what_is_too_long_is_not_usual() {
        assert_eq!(chosen(&[append("a", ExpectedVersion::Exact(1), EVENTS)]), [0]);
        assert_eq!(chosen(&[append("a", ExpectedVersion::Exact(1), EVENTS + 1)]), [0; 0]);
    }
}
