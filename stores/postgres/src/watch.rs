//! `Watch`: tells those who wait that the journal has grown, here or in another process.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use es_core::{JournalError, Position};
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor as _, PgPool};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::connections::{Connector, in_time};
use crate::place::Place;
use crate::reader::Reader;

/// Between two notifications to other processes: a burst of appends is one.
const BETWEEN_NOTIFICATIONS: Duration = Duration::from_millis(5);
/// How often it is looked without having been told.
const POLL: Duration = Duration::from_millis(500);
/// How long to wait at most for a transaction that holds back events, before it is looked again.
const HELD_BACK: Duration = Duration::from_millis(100);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// What is known of the end of the journal.
#[derive(Debug, Clone, Default)]
struct Known {
    head: Position,
    /// What was asked up to this question is answered.
    answered: u64,
    /// How often it could not be found out.
    failures: u64,
    /// What was wrong then.
    failure: Option<Arc<JournalError>>,
    closed: bool,
}

#[derive(Debug)]
pub(crate) struct Watch {
    known: watch::Sender<Known>,
    /// How often somebody began to wait.
    asked: AtomicU64,
    /// Woken by those, by each append of this process, and by notifications of others.
    look: Notify,
    /// The same, for the one who tells the other processes.
    to_tell: Notify,
    waiting: AtomicUsize,
    /// Woken by one who waits when nobody did.
    begun: Notify,
    /// Woken by the first who waits.
    first: Notify,
}

/// Somebody waits, as long as this is there.
struct Waiting<'a>(&'a Watch);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            known: watch::Sender::new(Known::default()),
            asked: AtomicU64::new(0),
            look: Notify::new(),
            to_tell: Notify::new(),
            waiting: AtomicUsize::new(0),
            begun: Notify::new(),
            first: Notify::new(),
        }
    }

    /// Notes that this process has appended something.
    pub(crate) fn appended(&self) {
        self.look.notify_one();
        self.to_tell.notify_one();
    }

    pub(crate) fn close(&self) {
        self.known.send_modify(|known| known.closed = true);
    }

    fn begin(&self) -> Waiting<'_> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) == 0 {
            self.begun.notify_one();
            self.first.notify_one();
        }
        Waiting(self)
    }

    /// See [`Journal::wait`](es_core::Journal::wait).
    ///
    /// It has no connection of its own, so that it keeps none while it is not polled.
    pub(crate) async fn wait(&self, place: &Place, after: Position) -> Result<Position, JournalError> {
        let mut known = self.known.subscribe();
        let failures = known.borrow_and_update().failures;
        let _waiting = self.begin();
        // What is known may be old: nobody has looked while nobody waited.
        let asked = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.look.notify_one();
        let done = |known: &Known| {
            known.closed || (known.answered >= asked && known.head > after) || known.failures != failures
        };
        match known.wait_for(done).await {
            Ok(known) if known.closed => Err(place.closed()),
            // Who waits is told what is wrong.
            Ok(known) if known.failures != failures => {
                Err(known.failure.as_ref().map_or_else(|| place.closed(), |failure| place.same(failure)))
            }
            Ok(known) => Ok(known.head),
            // The sender is in `self`.
            Err(_) => Err(place.closed()),
        }
    }
}

/// Starts the tasks that watch, and that tell other processes. They end when the store is closed.
pub(crate) fn start(watch: &Arc<Watch>, connector: &Connector, journal: Uuid) {
    // Connections of their own, so that they wait for nobody: one to look, one to tell.
    let reader = Arc::new(Reader::new(connector.clone(), 2));
    let channel = format!("es_{}", journal.simple());
    tokio::spawn(tell(Arc::clone(watch), Arc::clone(&reader), channel.clone()));
    // A connection of its own: it is never given back.
    let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
    let pool = pool.acquire_timeout(connector.connect_timeout);
    let pool = pool.connect_lazy_with(connector.options.clone());
    tokio::spawn(listen(Arc::clone(watch), pool, channel, connector.answer_timeout));
    tokio::spawn(look(Arc::clone(watch), reader));
}

/// Tells other processes that the journal has grown: outside of the transactions of appends, since a notification locks
/// out those of the whole server while it is committed.
async fn tell(watch: Arc<Watch>, reader: Arc<Reader>, channel: String) {
    let mut known = watch.known.subscribe();
    loop {
        tokio::select! {
            () = watch.to_tell.notified() => {}
            _ = known.wait_for(|known| known.closed) => return,
        }
        // Who is not told looks by itself before long.
        if let Ok(mut lent) = reader.lend().await {
            let tell = sqlx::query("SELECT pg_notify($1, '')").bind(&channel).execute(&mut lent.db);
            if in_time(reader.answer_timeout(), tell).await.is_ok() {
                lent.give_back();
            }
        }
        tokio::time::sleep(BETWEEN_NOTIFICATIONS).await;
    }
}

/// Looks where the end of the journal is, as long as somebody waits for it.
async fn look(watch: Arc<Watch>, reader: Arc<Reader>) {
    let mut known = watch.known.subscribe();
    let mut held_back: Option<(i64, Duration)> = None;
    loop {
        while watch.waiting.load(Ordering::Acquire) == 0 {
            tokio::select! {
                () = watch.begun.notified() => {}
                _ = known.wait_for(|known| known.closed) => return,
            }
        }
        let asked = watch.asked.load(Ordering::Acquire);
        let until_next = match reader.end().await {
            Ok(end) => {
                watch.known.send_if_modified(|known| {
                    let changed = known.head != end.last || known.answered != asked;
                    (known.head, known.answered) = (end.last, asked);
                    changed
                });
                // Most transactions take moments; one that does not is looked at less and less often.
                held_back = match held_back {
                    Some((bound, rest)) if bound == end.bound => Some((bound, (rest * 2).min(HELD_BACK))),
                    _ => Some((end.bound, Duration::from_millis(1))),
                };
                held_back.filter(|_| end.holds_back()).map_or(POLL, |(_, rest)| rest)
            }
            Err(error) => {
                watch.known.send_modify(|known| {
                    known.failures += 1;
                    known.failure = Some(Arc::new(error));
                });
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = watch.look.notified() => {}
            () = tokio::time::sleep(until_next) => {}
            _ = known.wait_for(|known| known.closed) => return,
        }
    }
}

/// Listens for the notifications of other processes, once somebody has waited. Where that fails it is tried again, and
/// meanwhile looked.
async fn listen(watch: Arc<Watch>, pool: PgPool, channel: String, limit: Duration) {
    let mut known = watch.known.subscribe();
    let listening = async {
        watch.first.notified().await;
        loop {
            // It ends with a failure.
            let _ = hear(&watch, &pool, &channel, limit).await;
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    };
    tokio::select! {
        () = listening => {}
        _ = known.wait_for(|known| known.closed) => {}
    }
}

async fn hear(watch: &Watch, pool: &PgPool, channel: &str, limit: Duration) -> Result<Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    in_time(limit, listener.listen(channel)).await?;
    loop {
        match tokio::time::timeout(limit, listener.try_recv()).await {
            // Whether it is one, or the connection was lost and there may have been one.
            Ok(notified) => drop(notified?),
            // It may be that nothing happens, or that nothing comes through.
            Err(_) => in_time(limit, (&mut listener).execute("SELECT 1")).await.map(drop)?,
        }
        // Those that came together are one.
        while listener.next_buffered().is_some() {}
        watch.look.notify_one();
    }
}
