//! `Leases`: those that this process has, kept up over one connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use es_core::JournalError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::PostgresLease;
use super::lease::released;
use super::statements::Statements;
use crate::place::{Place, code};

/// How often a lease is renewed before it would end.
const RENEWALS: u32 = 4;

/// What the task that keeps the leases is told.
#[derive(Debug)]
pub(super) enum Command {
    Take {
        projection: String,
        answer: oneshot::Sender<Result<Option<PostgresLease>, JournalError>>,
    },
    /// Dropping `done` says that it is done.
    Release {
        projection: String,
        epoch: i64,
        done: watch::Sender<()>,
    },
}

type Commands = mpsc::UnboundedSender<Command>;

/// The leases of one store: a task keeps them, on a connection of its own, for as long as there are any.
#[derive(Debug)]
pub(super) struct Leases {
    place: Place,
    options: PgConnectOptions,
    statements: Arc<Statements>,
    time: Duration,
    keeper: Mutex<Option<mpsc::WeakUnboundedSender<Command>>>,
}

impl Leases {
    pub(super) fn new(place: Place, options: PgConnectOptions, statements: Arc<Statements>, time: Duration) -> Self {
        Self { place, options, statements, time, keeper: Mutex::new(None) }
    }

    /// Takes the lease of a projection; `None` while somebody else has it.
    pub(super) async fn take(&self, projection: &str) -> Result<Option<PostgresLease>, JournalError> {
        released(&self.place.name(), projection).await;
        let (answer, answered) = oneshot::channel();
        let take = Command::Take { projection: projection.to_owned(), answer };
        // Kept until the answer is there, so that the keeper is too.
        let commands = self.commands();
        let _ = commands.send(take);
        answered.await.unwrap_or_else(|_| Err(self.place.closed()))
    }

    /// Where the task that keeps the leases is told, which is begun if there is none.
    fn commands(&self) -> Commands {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        // Where its runtime has ended the task is gone.
        let running = keeper.as_ref().and_then(mpsc::WeakUnboundedSender::upgrade).filter(|one| !one.is_closed());
        running.unwrap_or_else(|| {
            let (commands, received) = mpsc::unbounded_channel();
            *keeper = Some(commands.downgrade());
            tokio::spawn(
                Keeper {
                    place: self.place.clone(),
                    options: self.options.clone(),
                    statements: Arc::clone(&self.statements),
                    time: self.time,
                    commands: commands.downgrade(),
                    received,
                    db: None,
                    held: Vec::new(),
                }
                .run(),
            );
            commands
        })
    }
}

/// Keeps leases, until nobody has any.
struct Keeper {
    place: Place,
    options: PgConnectOptions,
    statements: Arc<Statements>,
    time: Duration,
    commands: mpsc::WeakUnboundedSender<Command>,
    received: mpsc::UnboundedReceiver<Command>,
    db: Option<PgConnection>,
    held: Vec<(String, i64)>,
}

impl Keeper {
    async fn run(mut self) {
        let every = self.time / RENEWALS;
        let mut renewal = Instant::now() + every;
        loop {
            if self.held.is_empty() || Instant::now() < renewal {
                match timeout_at(renewal, self.received.recv()).await {
                    Ok(Some(command)) => {
                        self.obey(command).await;
                        continue;
                    }
                    Ok(None) => break,
                    Err(_) => {}
                }
            }
            renewal = Instant::now() + every;
            self.renew().await;
        }
        if let Some(db) = self.db.take() {
            let _ = timeout(every, db.close()).await;
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Take { projection, answer } => {
                let taken = self.within_time(async |keeper| keeper.take(&projection).await).await;
                let lease = taken.map(|epoch| Some(self.lease(&projection, epoch?)));
                // Whoever has asked may be gone; then the lease is dropped, and given back.
                let _ = answer.send(lease.map(Option::flatten));
            }
            Command::Release { projection, epoch, done } => {
                self.held.retain(|held| *held != (projection.clone(), epoch));
                let _ = self.within_time(async |keeper| keeper.release(&projection, epoch).await).await;
                drop(done);
            }
        }
    }

    fn lease(&mut self, projection: &str, epoch: i64) -> Option<PostgresLease> {
        // There is someone who waits for the answer, so this is still there.
        let commands = self.commands.upgrade()?;
        self.held.push((projection.to_owned(), epoch));
        Some(PostgresLease { projection: projection.to_owned(), epoch, place: self.place.name().into(), commands })
    }

    /// Does something on the connection; one that is lost, or does not answer, is not used again. What the server refuses
    /// does not concern the others, which are held by this connection.
    async fn within_time<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> sqlx::Result<T>,
    ) -> Result<T, JournalError> {
        let time = self.time;
        let result = timeout(time, work(self)).await;
        let result = result.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())));
        // 57P01 and its like: the server ends the connection.
        if result.as_ref().is_err_and(|error| code(error).is_none_or(|code| code.starts_with("57P"))) {
            self.db = None;
        }
        result.map_err(|error| self.place.error("lease a projection", error))
    }

    async fn db(&mut self) -> sqlx::Result<&mut PgConnection> {
        if self.db.is_none() {
            let mut db = self.options.connect().await?;
            // Whoever holds up the taking of a lease is ended after that, in time to renew the others.
            let patience = (self.time / (2 * RENEWALS)).as_millis();
            let settings = format!("SET lock_timeout = {patience}; SET application_name = 'es-postgres leases'");
            db.execute(AssertSqlSafe(settings)).await?;
            self.db = Some(db);
        }
        self.db.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// Takes a lease; gives its number.
    async fn take(&mut self, projection: &str) -> sqlx::Result<Option<i64>> {
        let statements = Arc::clone(&self.statements);
        let time = milliseconds(self.time);
        let db = self.db().await?;
        let held = sqlx::query_scalar::<_, bool>(statements.lease_held.sql()).bind(projection);
        if held.fetch_one(&mut *db).await? {
            return Ok(None);
        }
        let take = || sqlx::query_scalar::<_, i64>(statements.lease_take.sql()).bind(projection.to_owned()).bind(time);
        match take().fetch_optional(&mut *db).await {
            // A transaction of the last holder is still open: it may have been cut off in the midst of it.
            Err(error) if code(&error).as_deref() == Some("55P03") => {
                let end = sqlx::query(statements.lease_end_others.sql()).bind(projection);
                end.execute(&mut *db).await?;
                take().fetch_optional(&mut *db).await
            }
            taken => taken,
        }
    }

    async fn release(&mut self, projection: &str, epoch: i64) -> sqlx::Result<()> {
        let sql = self.statements.lease_release.sql();
        sqlx::query(sql).bind(projection).bind(epoch).execute(self.db().await?).await?;
        Ok(())
    }

    /// Renews all leases; what others have taken meanwhile is not this one's any more.
    async fn renew(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let renewed = self.within_time(async |keeper| {
            let (projections, epochs): (Vec<_>, Vec<_>) = keeper.held.iter().cloned().unzip();
            let sql = keeper.statements.lease_renew.sql();
            let time = milliseconds(keeper.time);
            let renew = sqlx::query(sql).bind(projections).bind(epochs).bind(time);
            renew.fetch_all(keeper.db().await?).await
        });
        match renewed.await {
            Ok(rows) => {
                let still: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
                self.held.retain(|held| still.contains(held));
            }
            Err(error) => tracing::warn!(%error, "leases of projections cannot be renewed"),
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
