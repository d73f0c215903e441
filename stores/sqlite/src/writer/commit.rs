//! A batch: several jobs in one transaction, and an answer to each.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use es_core::{AppendError, Appended, Imported, JournalError, Position};
use rusqlite::ErrorCode;
use rusqlite::ffi;

use super::append::{Open, Trouble};
use super::import::imported_events;
use super::insert::EventInsert;
use super::transact::{begin, commit};
use super::views::{appended_events, view_error};
use super::{Job, Writer, is_small};
use crate::place::Failure;

/// How the jobs of a batch are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Not at all: what has to be checked is checked before anything is written, so nearly always nothing fails.
    Together,
    /// A savepoint for each: for when something has failed in spite of that.
    Apart,
}

/// What has become of a job.
enum Outcome {
    Append(Result<Appended, AppendError>),
    Import(Result<Imported, AppendError>),
    Snapshot(Result<(), JournalError>),
    /// It is done after the commit.
    Later,
}

/// Why a batch was not committed.
struct Aborted {
    failure: Failure,
    /// Whether it may have been committed all the same.
    unknown: bool,
}

impl<F: Into<Failure>> From<F> for Aborted {
    fn from(failure: F) -> Self {
        Self { failure: failure.into(), unknown: false }
    }
}

impl Writer {
    /// Does the jobs of a batch and answers each.
    pub(super) fn commit(&mut self, jobs: &mut Vec<Job>) {
        let writes = jobs.iter().any(|job| matches!(job, Job::Append(..) | Job::Import(..) | Job::Snapshot(..)));
        let result = if writes { self.write(jobs) } else { Ok(jobs.iter().map(|_| Outcome::Later).collect()) };
        let outcomes = result.unwrap_or_else(|aborted| jobs.iter().map(|job| self.aborted(job, &aborted)).collect());
        self.tell_head();
        for (job, outcome) in jobs.drain(..).zip(outcomes) {
            self.answer(job, outcome);
        }
    }

    /// Commits an append on its caller's thread, and answers it. Gives it back where it was not done: when something else is to
    /// run along with it, when commits take long, when another program writes, and whenever there is an error.
    pub(super) fn commit_here(&mut self, job: Job) -> Result<(), Job> {
        if !self.views.is_empty() || !self.pace.is_short() {
            return Err(job);
        }
        if self.tx.reader.db.busy_timeout(Duration::ZERO).is_err() {
            return Err(job);
        }
        let jobs = [job];
        let result = self.transaction(&jobs, Care::Together);
        // It is a number in SQLite's memory.
        let _ = self.tx.reader.db.busy_timeout(self.busy_timeout);
        let [job] = jobs;
        let outcome = match result {
            Ok(outcomes) => outcomes.into_iter().next(),
            Err(Aborted { unknown: false, .. }) => None,
            Err(aborted) => Some(self.aborted(&job, &aborted)),
        };
        let Some(outcome) = outcome else { return Err(job) };
        self.tell_head();
        self.answer(job, outcome);
        Ok(())
    }

    /// Wakes those that wait for events.
    fn tell_head(&self) {
        // After a rollback it is not known, and then it has not changed either.
        if let Some(position) = self.heads.known_position() {
            self.head.send_if_modified(|head| head.reach(Position::new(position)));
        }
    }

    /// Tells the caller of a job what has become of it, or does what is done after the commit.
    fn answer(&mut self, job: Job, outcome: Outcome) {
        // Nobody may wait for the answer any more.
        match (job, outcome) {
            (Job::Append(_, answer), Outcome::Append(result)) => drop(answer.send(result)),
            (Job::Import(_, answer), Outcome::Import(result)) => drop(answer.send(result)),
            (Job::Snapshot(_, answer), Outcome::Snapshot(result)) => drop(answer.send(result)),
            (Job::Read(read), _) => self.read(read),
            (Job::Transaction(transaction), _) => self.transactions.push_back(transaction),
            // No job has the outcome of another; its caller would be told that the answer got lost.
            (Job::Append(..) | Job::Import(..) | Job::Snapshot(..), _) => {}
        }
    }

    /// Writes the jobs in one transaction.
    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Aborted> {
        match self.transaction(jobs, Care::Together) {
            Err(Aborted { failure, unknown: false }) if !concerns_all(&failure) => {}
            other => return other,
        }
        match self.transaction(jobs, Care::Apart) {
            // A view has ended the transaction, or what it has written is refused when all is committed. The others are not to
            // suffer from that.
            Err(Aborted { failure, unknown: false }) if jobs.len() > 1 && is_of_a_view(&failure) => {
                let alone = jobs.chunks(1).map(|job| self.transaction(job, Care::Apart));
                let alone: Vec<_> = alone.collect();
                let outcomes = jobs
                    .iter()
                    .zip(alone)
                    .flat_map(|(job, result)| result.unwrap_or_else(|aborted| vec![self.aborted(job, &aborted)]));
                Ok(outcomes.collect())
            }
            other => other,
        }
    }

    /// Has the views see what has been appended so far.
    pub(super) fn catch_up_views(&mut self) -> Result<(), JournalError> {
        let result = self.transaction(&[], Care::Together);
        result.map(drop).map_err(|Aborted { failure, .. }| self.place.error("begin an inline view", failure))
    }

    /// Where it is an error, nothing was written, unless the error says that this is unknown.
    fn transaction(&mut self, jobs: &[Job], care: Care) -> Result<Vec<Outcome>, Aborted> {
        let written = catch_unwind(AssertUnwindSafe(|| self.write_all(jobs, care)));
        let result = match written.unwrap_or_else(|panic| Err(panicked(&*panic).into())) {
            Err(aborted) => Err(aborted),
            Ok((begun, outcomes)) => match commit(&self.tx) {
                Ok(()) => {
                    if shows_pace(jobs, &outcomes) {
                        self.pace.note(begun.elapsed());
                    }
                    Ok(outcomes)
                }
                Err(error) => Err(Aborted { unknown: !was_not_committed(&error), failure: error.into() }),
            },
        };
        self.note_wal();
        if result.is_err() {
            if !self.tx.reader.db.is_autocommit() {
                // Where this fails SQLite has rolled back by itself.
                let _ = self.tx.reader.db.execute_batch("ROLLBACK");
            }
            self.heads.forget();
            self.views.forget();
        }
        if let Err(Aborted { failure, .. }) = &result
            && is_about_room(failure)
        {
            self.wal.make_room();
        }
        result
    }

    /// Does the jobs in a transaction that is still to be committed. Says since when nobody else could write.
    fn write_all(&mut self, jobs: &[Job], care: Care) -> Result<(Instant, Vec<Outcome>), Aborted> {
        self.set_synchronous(true)?;
        begin(&self.tx)?;
        self.place.check_file()?;
        let begun = Instant::now();
        if self.heads.refresh(&self.tx)? {
            self.views.forget();
        }
        if care == Care::Together && self.views.is_empty() {
            let mut open = self.open()?;
            let outcomes = jobs.iter().map(|job| open.write(job)).collect::<Result<_, _>>()?;
            return Ok((begun, outcomes));
        }
        let head = Position::new(self.heads.last_position(&self.tx)?);
        self.views.begin(&mut self.tx, head, care == Care::Apart)?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(match care {
                Care::Together => self.write_and_show(job)?,
                Care::Apart => self.write_apart(job)?,
            });
        }
        let head = Position::new(self.heads.last_position(&self.tx)?);
        self.views.end(&mut self.tx, head)?;
        Ok((begun, outcomes))
    }

    fn open(&mut self) -> rusqlite::Result<Open<'_>> {
        let db = &*self.tx;
        let insert = EventInsert::new(db)?;
        Ok(Open { db, heads: &mut self.heads, clock: &*self.clock, insert })
    }

    /// Does a job, and shows the views what it has written. Where it fails, some of it may have been written, which is
    /// to be rolled back.
    fn write_and_show(&mut self, job: &Job) -> Result<Outcome, Failure> {
        let outcome = self.open()?.write(job)?;
        match (job, &outcome) {
            (Job::Append(append, _), Outcome::Append(Ok(appended))) if !appended.repeated => {
                self.views.show(&mut self.tx, appended_events(append, appended))?;
            }
            (Job::Import(page, _), Outcome::Import(Ok(imported))) if !imported.repeated => {
                self.views.show(&mut self.tx, imported_events(page, imported.position))?;
            }
            _ => return Ok(outcome),
        }
        self.views.shown(true);
        Ok(outcome)
    }

    /// Does a job that fails alone. It is an error where the whole transaction has failed.
    fn write_apart(&mut self, job: &Job) -> Result<Outcome, Failure> {
        self.tx.execute_batch("SAVEPOINT es_job")?;
        let failure = match self.write_and_show(job) {
            Ok(outcome) => {
                self.tx.execute_batch("RELEASE es_job")?;
                return Ok(outcome);
            }
            Err(failure) => failure,
        };
        self.heads.forget();
        self.views.shown(false);
        if self.tx.is_autocommit() || concerns_all(&failure) {
            return Err(failure);
        }
        self.tx.execute_batch("ROLLBACK TO es_job; RELEASE es_job")?;
        Ok(self.failed(job, failure))
    }

    /// The outcome of a job that failed.
    fn failed(&self, job: &Job, failure: Failure) -> Outcome {
        match (job, failure) {
            (Job::Append(..), Failure::View { view, stream: Some(stream), what }) => {
                Outcome::Append(Err(view_error(view, stream, what)))
            }
            (Job::Import(..), Failure::View { view, stream: Some(stream), what }) => {
                Outcome::Import(Err(view_error(view, stream, what)))
            }
            (Job::Import(..), failure) => Outcome::Import(Err(self.place.error("import", failure).into())),
            (Job::Append(..), failure) => Outcome::Append(Err(self.place.error("append", failure).into())),
            (Job::Snapshot(..), failure) => Outcome::Snapshot(Err(self.place.error("write a snapshot", failure))),
            (Job::Read(_) | Job::Transaction(_), _) => Outcome::Later,
        }
    }

    /// The outcome of a job whose batch was not committed.
    fn aborted(&self, job: &Job, Aborted { failure, unknown }: &Aborted) -> Outcome {
        let lost = || AppendError::Unknown { source: self.place.error("commit", failure.copy()).into() };
        match job {
            Job::Append(..) if *unknown => Outcome::Append(Err(lost())),
            Job::Import(..) if *unknown => Outcome::Import(Err(lost())),
            job => self.failed(job, failure.copy()),
        }
    }
}

impl Open<'_> {
    /// Does a job. Where it fails, some of it may have been written, which is to be rolled back.
    fn write(&mut self, job: &Job) -> Result<Outcome, Failure> {
        match job {
            Job::Append(append, _) => match self.append(append) {
                Ok(appended) => Ok(Outcome::Append(Ok(appended))),
                Err(Trouble::Refused(error)) => Ok(Outcome::Append(Err(error))),
                Err(Trouble::Broken(failure)) => Err(failure),
            },
            Job::Import(page, _) => match self.import(page) {
                Ok(imported) => Ok(Outcome::Import(Ok(imported))),
                Err(Trouble::Refused(error)) => Ok(Outcome::Import(Err(error))),
                Err(Trouble::Broken(failure)) => Err(failure),
            },
            Job::Snapshot(write, _) => self.write_snapshot(write).map(|()| Outcome::Snapshot(Ok(()))),
            Job::Read(_) | Job::Transaction(_) => Ok(Outcome::Later),
        }
    }
}

/// Whether a transaction shows how long a single append takes. One that writes nothing is short on the slowest disk.
fn shows_pace(jobs: &[Job], outcomes: &[Outcome]) -> bool {
    let ([Job::Append(append, _)], [Outcome::Append(Ok(appended))]) = (jobs, outcomes) else { return false };
    is_small(append) && !appended.repeated && appended.streams.iter().any(|stream| stream.versions.is_some())
}

/// Whether a failure is that of the whole database, so that the next job would fail as well.
fn concerns_all(failure: &Failure) -> bool {
    let Failure::Sqlite(error) = failure else { return false };
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::OutOfMemory
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
        )
    )
}

/// Whether a transaction has failed because of what a view did in it. Nothing else leaves a constraint to its end.
fn is_of_a_view(failure: &Failure) -> bool {
    match failure {
        Failure::View { .. } => true,
        Failure::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation),
        Failure::Damaged { .. } => false,
    }
}

/// Whether a failure may be for want of space.
fn is_about_room(failure: &Failure) -> bool {
    let Failure::Sqlite(error) = failure else { return false };
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}

/// Whether a commit that failed with this error has left nothing in the file that could come back: constraints are looked at
/// before anything is written, and the frame that makes it a commit is the last one that is.
fn was_not_committed(error: &rusqlite::Error) -> bool {
    let extended_code = error.sqlite_error().map_or(0, |error| error.extended_code);
    let code = error.sqlite_error_code();
    extended_code == ffi::SQLITE_IOERR_WRITE
        || matches!(
            code,
            Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseBusy | ErrorCode::DiskFull | ErrorCode::ReadOnly)
        )
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> rusqlite::Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    rusqlite::Error::ToSqlConversionFailure(format!("the writer panicked: {text}").into())
}

#[cfg(test)]
mod tests {
    use es_core::{Append, AppendedStream, EventId, ExpectedVersion, NewEvent, StreamId, Timestamp};
    use tokio::sync::oneshot;

    use super::*;

    fn append(payload: usize) -> Job {
        let event = NewEvent {
            id: EventId::new(),
            name: "noted".into(),
            version: 1,
            format: "json".into(),
            payload: vec![b' '; payload],
            metadata: std::sync::Arc::default(),
        };
        let stream = StreamId::new("account", "alice").unwrap();
        Job::Append(Append::to_stream(stream, ExpectedVersion::Any, vec![event]), oneshot::channel().0)
    }

    fn appended(events: u64, repeated: bool) -> Outcome {
        let position = Position::new(events);
        let streams = vec![AppendedStream { versions: (events > 0).then_some(1..=events), position }];
        Outcome::Append(Ok(Appended { streams, position, recorded_at: Timestamp::UNIX_EPOCH, repeated }))
    }

    #[test]
    fn only_an_append_that_was_written_shows_how_long_one_takes() {
        let conflict = || {
            let (stream, expected) = (StreamId::new("account", "alice").unwrap(), ExpectedVersion::NoStream);
            Outcome::Append(Err(AppendError::Conflict { stream, expected, actual: 1 }))
        };
        assert!(shows_pace(&[append(10)], &[appended(1, false)]));
        assert!(!shows_pace(&[append(10)], &[appended(1, true)]), "it was there");
        assert!(!shows_pace(&[append(10)], &[appended(0, false)]), "it only checks a version");
        assert!(!shows_pace(&[append(10)], &[conflict()]));
        assert!(!shows_pace(&[append(100_000)], &[appended(1, false)]), "it is large");
        assert!(!shows_pace(&[append(10), append(10)], &[appended(1, false), appended(1, false)]));
        assert!(!shows_pace(&[], &[]));
    }
}
