//! A batch: several appends in one statement, and an answer to each.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use es_core::{AppendError, Appended, EventId, JournalError, StreamAppend};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Connection, Either, Executor, PgConnection};

use super::answer::{Answer, nothing};
use super::batch::{Batch, new_kinds};
use super::kinds::KindNumbers;
use super::repeated::{event_ids, repeated};
use super::waiting::Waiting;
use super::{IDLE, Job, Session, TRIES, TRIES_TOGETHER, Writer, rest};
use tokio::time::timeout;

use crate::place::{Place, code};
use crate::schema::Schema;
use crate::stream::next;

/// What the function `append` gives as SQLSTATE where others were faster.
const LATE: &str = "ES001";

/// Why a batch has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not written.
    NotWritten(sqlx::Error),
    /// It was not written, since others were faster.
    Late(sqlx::Error),
    /// It was not written, since there is no connection.
    NotConnected(JournalError),
    /// It was written or was not.
    Unknown(sqlx::Error),
}

pub(super) type Answered = Result<Appended, AppendError>;

impl Writer {
    /// Does the jobs and answers each: the appends together, then the imports.
    pub(super) async fn write(&mut self, jobs: &mut Vec<Job>) {
        let silent = |limit| AppendError::Unknown { source: crate::connections::silent(limit).into() };
        let (mut appends, mut imports) = (Waiting::default(), Vec::new());
        for job in jobs.drain(..) {
            match job {
                Job::Append(append, answer) => appends.push(append, answer),
                Job::Import(page, answer) => imports.push((page, answer)),
            }
        }
        // To connect takes two waits at most: for one that does not live any more, and for a new one.
        let limit = self.connector.answer_timeout.saturating_add(self.connector.connect_timeout.saturating_mul(2));
        if timeout(limit, self.appends(&mut appends)).await.is_err() {
            appends.lose(|| silent(limit));
        }
        for (page, answer) in imports {
            let result = timeout(limit, self.import(&page)).await.unwrap_or_else(|_| Err(silent(limit)));
            // Nobody may wait for the answer any more.
            drop(answer.send(result));
        }
    }

    /// Writes the usual ones among the appends first, then all others, those too that could not be written as such.
    async fn appends(&mut self, waiting: &mut Waiting) {
        self.usual(waiting).await;
        let open = waiting.open();
        if !open.is_empty() {
            self.any(waiting, &open).await;
        }
    }

    /// Writes appends of all kinds, together if that can be.
    async fn any(&mut self, waiting: &mut Waiting, indices: &[usize]) {
        let mut tries = 1;
        let failure = loop {
            match self.together(waiting, indices).await {
                Ok(()) => return,
                Err(failure) if may_pass(&failure) && tries < TRIES_TOGETHER => rest(tries).await,
                Err(failure) => break failure,
            }
            tries += 1;
        };
        if failure.concerns_all() {
            waiting.fail(indices, failure, &self.connector.place);
            return;
        }
        // One of them is the cause, or is in the way of another process: the others are not to suffer.
        for index in indices {
            self.alone(waiting, *index).await;
        }
    }

    /// Writes an append alone, again and again while others are in its way.
    async fn alone(&mut self, waiting: &mut Waiting, index: usize) {
        let mut tries = 1;
        let failure = loop {
            let Err(failure) = self.together(waiting, &[index]).await else { return };
            match failure.code().as_deref() {
                // An id that is there already: that of an event, so this append may have been written before.
                Some("23505") => match self.repeated(&waiting.appends[index]).await {
                    Ok(None) => {}
                    Ok(Some(answer)) => return waiting.answer(index, answer),
                    Err(error) => return waiting.answer(index, Err(error)),
                },
                _ if may_pass(&failure) => {}
                _ => break failure,
            }
            if tries == TRIES {
                break failure;
            }
            rest(tries).await;
            tries += 1;
        };
        waiting.fail(&[index], failure, &self.connector.place);
    }

    /// Writes these appends in one statement, and answers them.
    async fn together(&mut self, waiting: &mut Waiting, indices: &[usize]) -> Result<(), Failure> {
        let now = self.clock.now();
        let appends = &waiting.appends;
        let sent = || indices.iter().map(|index| &appends[*index]).filter(|append| !append.streams.is_empty());
        let mut session = self.session().await?;
        session.add_kinds(&self.connector.schema, sent().flat_map(|append| &append.streams)).await?;
        let batch = Batch::new(sent(), &session.kinds);
        let mut each = None;
        if sent().next().is_some() {
            let query = sqlx::query(super::ready(&self.statements.append));
            let running = run(&mut session.db, batch.bind(query, now));
            let (result, warned) = self.notices.watch(running).await;
            if warned && batch.has_events() {
                return Err(Failure::warned());
            }
            let row = match result {
                Ok(row) => row.ok_or(Failure::Unknown(sqlx::Error::RowNotFound))?,
                // Between two statements, and in no transaction: it can be used again.
                Err(failure @ Failure::NotWritten(_)) if !failure.concerns_all() => {
                    self.keep(session);
                    return Err(failure);
                }
                Err(failure) => return Err(failure),
            };
            let answer = Answer::read(&row).map_err(Failure::Unknown)?;
            if answer.wrote() {
                self.watch.appended();
            }
            each = Some(answer.each());
        }
        drop(batch);
        self.keep(session);
        let mut conflicts = Vec::new();
        for &index in indices {
            let append = &waiting.appends[index];
            if append.streams.is_empty() {
                waiting.answer(index, Ok(nothing(now)));
                continue;
            }
            match each.as_mut().and_then(|each| each.next(append)).unwrap_or_else(|| Err(self.lost())) {
                Err(conflict @ AppendError::Conflict { .. }) if !append.is_empty() => conflicts.push((index, conflict)),
                answer => waiting.answer(index, answer),
            }
        }
        self.recognise(waiting, conflicts).await;
        Ok(())
    }

    /// Looks whether appends that met a conflict were written before, all of them at once, and answers them.
    async fn recognise(&mut self, waiting: &mut Waiting, conflicts: Vec<(usize, AppendError)>) {
        if conflicts.is_empty() {
            return;
        }
        let ids: Vec<EventId> = conflicts.iter().flat_map(|(index, _)| event_ids(&waiting.appends[*index])).collect();
        let found = self.find(ids.into_iter()).await;
        for (index, conflict) in conflicts {
            let append = &waiting.appends[index];
            let answer = match &found {
                Ok(found) if event_ids(append).any(|id| found.contains_key(&id)) => repeated(append, found),
                Ok(_) => Err(conflict),
                Err(error) => Err(AppendError::Unknown { source: error.to_string().into() }),
            };
            waiting.answer(index, answer);
        }
    }

    /// The connection, which is taken out while it is in use: a failure leaves it to be closed.
    pub(super) async fn session(&mut self) -> Result<Session, Failure> {
        if let Some(mut session) = self.session.take() {
            // A host that died says nothing.
            let wait = self.connector.connect_timeout;
            if session.used.elapsed() < IDLE
                || matches!(tokio::time::timeout(wait, session.db.ping()).await, Ok(Ok(())))
            {
                return Ok(session);
            }
        }
        let (db, _) = self.connector.connect().await.map_err(Failure::NotConnected)?;
        Ok(Session { db, kinds: KindNumbers::default(), used: Instant::now() })
    }

    pub(super) fn keep(&mut self, mut session: Session) {
        session.used = Instant::now();
        self.session = Some(session);
    }

    /// What is said of an answer that is not one.
    fn lost(&self) -> AppendError {
        let what = "the function `append` of the schema gives another answer than this program expects";
        AppendError::Unknown { source: self.connector.place.damaged(None, what).into() }
    }
}

impl Session {
    /// Sees to it that the kinds of the events have numbers.
    pub(super) async fn add_kinds<'a>(
        &mut self,
        schema: &Schema,
        parts: impl Iterator<Item = &'a StreamAppend>,
    ) -> Result<(), Failure> {
        let new = new_kinds(parts, &self.kinds);
        if new.is_empty() {
            return Ok(());
        }
        // They are needed for the events; these have not been sent yet.
        self.kinds.add(&mut self.db, schema, &new).await.map_err(Failure::NotWritten)
    }
}

/// Runs the statement; gives its row, if it has one. It is committed when the server is ready for the next one, not when
/// it says that it is complete.
pub(super) async fn run(
    db: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Option<PgRow>, Failure> {
    let mut results = db.fetch_many(query);
    let (mut row, mut complete) = (None, false);
    while let Some(result) = next(&mut results).await {
        match result {
            Ok(Either::Left(_)) => complete = true,
            Ok(Either::Right(answer)) => row = Some(answer),
            Err(error) => return Err(Failure::of(error, complete)),
        }
    }
    Ok(row)
}

/// Whether another append was in the way, so that trying again helps.
pub(super) fn may_pass(failure: &Failure) -> bool {
    matches!(failure.code().as_deref(), Some(LATE | "40001" | "40P01"))
}

impl Failure {
    pub(super) fn late() -> Self {
        Self::Late(sqlx::Error::Protocol("another append was faster".to_owned()))
    }

    /// The server has warned while it committed.
    pub(super) fn warned() -> Self {
        let what = "the server was told not to wait for its standbys, so they may not have the events";
        Self::Unknown(sqlx::Error::Protocol(what.to_owned()))
    }

    /// What an error means that came before or after the statement was complete.
    pub(super) fn of(error: sqlx::Error, complete: bool) -> Self {
        let Some(code) = code(&error) else {
            return match error {
                // Nothing was sent.
                sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Self::NotWritten(error),
                _ => Self::Unknown(error),
            };
        };
        // The server says so in place of committing. Once the statement is complete, only what belongs to a commit
        // says that there was none. That there is no connection may be said by one who stands between, as a pooler does,
        // and who knows as little as this program.
        let from_between = code.starts_with("08");
        let not_committed = !complete && !from_between || code.starts_with("40") || code.starts_with("23");
        if not_committed { Self::NotWritten(error) } else { Self::Unknown(error) }
    }

    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::NotWritten(error) => code(error),
            Self::Late(_) => Some(LATE.to_owned()),
            Self::NotConnected(_) | Self::Unknown(_) => None,
        }
    }

    /// Whether the next append would fail as well, or nobody knows whether this one did.
    pub(super) fn concerns_all(&self) -> bool {
        let Some(code) = self.code() else { return true };
        // Constraints and data; locks and serialization; limits of a statement; another append was faster.
        !(["22", "23", "40", "54", "55"].iter().any(|class| code.starts_with(class)) || code == LATE)
    }

    /// The error for each of the appends.
    pub(super) fn for_each(failure: &Arc<Self>, place: &Place) -> AppendError {
        let shared = Shared(Arc::clone(failure));
        match &**failure {
            // The connection was lost before the events were sent.
            Self::NotWritten(sqlx::Error::Io(_)) => {
                JournalError::Busy { store: place.name(), source: shared.into() }.into()
            }
            Self::NotWritten(_) | Self::Late(_) => place.coded("append", failure.code().as_deref(), shared).into(),
            Self::NotConnected(JournalError::Busy { store, .. }) => {
                JournalError::Busy { store: store.clone(), source: shared.into() }.into()
            }
            Self::NotConnected(JournalError::ReadOnly { store, .. }) => {
                JournalError::ReadOnly { store: store.clone(), source: shared.into() }.into()
            }
            Self::NotConnected(_) => {
                JournalError::Failed { store: place.name(), action: "connect", source: shared.into() }.into()
            }
            Self::Unknown(_) => AppendError::Unknown { source: shared.into() },
        }
    }
}

/// A failure that several appends share.
#[derive(Debug)]
struct Shared(Arc<Failure>);

impl Shared {
    fn error(&self) -> &(dyn Error + 'static) {
        match &*self.0 {
            Failure::NotWritten(error) | Failure::Late(error) | Failure::Unknown(error) => error,
            // Who shows this says which store it is, and that it cannot be used.
            Failure::NotConnected(error) => error.source().unwrap_or(error),
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.error(), f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().source()
    }
}

#[cfg(test)]
mod tests {
    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// An error with a SQLSTATE.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Coded(&'static str);

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn is_unknown(code: &'static str, complete: bool) -> bool {
        matches!(Failure::of(sqlx::Error::Database(Box::new(Coded(code))), complete), Failure::Unknown(_))
    }

    #[test]
    fn what_the_server_refuses_before_it_commits_was_not_written() {
        for code in ["23505", "40001", "53100", "57014", "57P01"] {
            assert!(!is_unknown(code, false), "{code}");
        }
        for code in ["53100", "57014", "57P01"] {
            assert!(is_unknown(code, true), "{code}");
        }
    }

    #[test]
    fn what_one_who_stands_between_says_of_the_connection_does_not_say_what_was_written() {
        for code in ["08000", "08003", "08006", "08P01"] {
            assert!(is_unknown(code, false) && is_unknown(code, true), "{code}");
        }
    }
}
