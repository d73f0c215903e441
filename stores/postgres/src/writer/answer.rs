//! What `append` in the schema has answered, for each append.

use es_core::{Append, AppendError, Appended, AppendedStream, Position, Timestamp};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::reader::as_time;

/// The answer to a batch.
#[derive(Debug)]
pub(super) struct Answer {
    epoch: u64,
    numbers: Vec<i64>,
    conflicts: Vec<i32>,
    times: Vec<i64>,
    versions: Vec<i64>,
}

/// Reads the answers to appends, in their order.
#[derive(Debug)]
pub(super) struct Answers {
    answer: Answer,
    append: usize,
    part: usize,
    event: usize,
}

impl Answer {
    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let epoch: Option<i64> = row.try_get(0)?;
        Ok(Self {
            epoch: epoch.and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0),
            numbers: row.try_get::<Option<_>, _>(1)?.unwrap_or_default(),
            conflicts: row.try_get(2)?,
            times: row.try_get(3)?,
            versions: row.try_get(4)?,
        })
    }

    /// Whether anything was written.
    pub(super) fn wrote(&self) -> bool {
        self.epoch != 0
    }

    pub(super) fn each(self) -> Answers {
        Answers { answer: self, append: 0, part: 0, event: 0 }
    }
}

impl Answers {
    /// The answer to the next append of the batch. `None` where there is less than there should be.
    pub(super) fn next(&mut self, append: &Append) -> Option<Result<Appended, AppendError>> {
        let conflict = *self.answer.conflicts.get(self.append)?;
        let recorded_at = as_time(*self.answer.times.get(self.append)?)?;
        let first_part = self.part;
        self.append += 1;
        self.part += append.streams.len();
        if conflict == 0 {
            return self.appended(append, first_part, recorded_at).map(Ok);
        }
        let part = usize::try_from(conflict).ok()?.checked_sub(1)?;
        let stream = append.streams.get(part.checked_sub(first_part)?)?;
        let actual = u64::try_from(*self.answer.versions.get(part)?).ok()?;
        Some(Err(AppendError::Conflict { stream: stream.stream.clone(), expected: stream.expected, actual }))
    }

    fn appended(&mut self, append: &Append, first_part: usize, recorded_at: Timestamp) -> Option<Appended> {
        let mut streams = Vec::with_capacity(append.streams.len());
        for (index, part) in append.streams.iter().enumerate() {
            let count = part.events.len();
            if count == 0 {
                streams.push(AppendedStream { versions: None, position: Position::START });
                continue;
            }
            let last = u64::try_from(*self.answer.versions.get(first_part + index)?).ok()?;
            let first = last.checked_sub(count as u64)? + 1;
            self.event += count;
            let number = u64::try_from(*self.answer.numbers.get(self.event - 1)?).ok()?;
            let position = Position { epoch: self.answer.epoch, number };
            streams.push(AppendedStream { versions: Some(first..=last), position });
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Some(Appended { streams, position, recorded_at, repeated: false })
    }
}

/// The answer to an append that has no streams: there is nothing to check, and nothing to write.
pub(super) fn nothing(recorded_at: Timestamp) -> Appended {
    Appended { streams: Vec::new(), position: Position::START, recorded_at, repeated: false }
}

#[cfg(test)]
mod tests {
    use es_core::{ExpectedVersion, StreamAppend, StreamId};

    use super::*;

    fn answer() -> Answer {
        Answer { epoch: 7, numbers: vec![], conflicts: vec![2], times: vec![0], versions: vec![3, 4] }
    }

    #[test]
    fn a_conflict_names_the_stream_that_is_not_as_expected() {
        let part = |id, expected| StreamAppend { stream: StreamId::new("a", id).unwrap(), expected, events: vec![] };
        let streams = vec![part("one", ExpectedVersion::Exact(3)), part("two", ExpectedVersion::Exact(3))];
        let answer = answer().each().next(&Append { streams }).unwrap();
        assert!(matches!(
            answer,
            Err(AppendError::Conflict { stream, expected: ExpectedVersion::Exact(3), actual: 4 }) if stream.id() == "two"
        ));
    }

    #[test]
    fn an_answer_that_is_too_short_is_none() {
        let mut answers = answer().each();
        let append = Append::to_stream(StreamId::new("a", "one").unwrap(), ExpectedVersion::Any, vec![]);
        assert!(answers.next(&append).is_none());
        assert!(answers.next(&append).is_none());
    }
}
