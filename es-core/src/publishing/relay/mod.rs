//! `Relay`: fills an outbox from the journal, and sends what is in it.

mod commands;
mod error;
mod handle;
mod lane;
mod run;
mod send;
mod sender;
mod status;
mod turn;

use std::fmt;
use std::time::Duration;

pub use error::RelayError;
pub use handle::RelayHandle;
pub use status::{RelayChanges, RelayState, RelayStatus};

use super::{Feed, OutboxStore, Publish, Publisher};
use crate::event::Position;
use crate::journal::Journal;
use crate::projection::futures::join;
use crate::projection::{First, OnFailure, Projector};
use crate::repository::Retry;
use handle::{Command, feed_failed};
use run::Goal;
use sender::Sender;

/// Sends the public events of a publication through a publisher.
///
/// What the publication makes of an event is put into the outbox in the transaction of the checkpoint, so exactly once. From there each
/// message is sent until the publisher has taken it, so at least once, in order for each stream; what comes again has
/// the same id. Of several relays of one publication, also in several processes, one works and the others wait for it to
/// end.
///
/// ```ignore
/// let news = Relay::from_start(&store, &store, BankNews, JsonLines::stdout()).spawn();
/// let outcome = accounts.execute("alice", Increase { by: 100 }).await?;
/// news.wait_for(outcome.position).await?; // it was sent
/// ```
///
/// It runs on tokio, with its timers enabled.
#[must_use = "a relay does nothing until it is spawned or run"]
pub struct Relay<J, P: Publish, S: OutboxStore, B> {
    projector: Projector<J, Feed<P, S>>,
    sender: Sender<P, S, B>,
}

impl<J: Journal + Clone, P: Publish, S: OutboxStore, B: Publisher> Relay<J, P, S, B> {
    /// Sends what is to be told of a journal, through an outbox in a store, to a publisher; both may be the same store. An
    /// outbox that is new begins with the first event that there is.
    ///
    /// Others are told of all that ever happened then. Where that is not wanted, [`from_now`](Self::from_now) it is.
    pub fn from_start(journal: &J, store: &S, publication: P, publisher: B) -> Self {
        Self::new(journal, store, publication, publisher, First::Start)
    }

    /// Sends what is to be told of a journal, through an outbox in a store, to a publisher; both may be the same store. An
    /// outbox that is new begins with the next event after those that the journal has when the relay first runs.
    ///
    /// Once there is an outbox it goes on from where it was, and misses nothing.
    pub fn from_now(journal: &J, store: &S, publication: P, publisher: B) -> Self {
        Self::new(journal, store, publication, publisher, First::Head)
    }

    fn new(journal: &J, store: &S, publication: P, publisher: B, first: First) -> Self {
        let feed = Feed::new(publication);
        let made = feed.made.clone();
        let projector = Projector::new(journal, store, feed).first(first);
        let sender = Sender::new(store.clone(), publisher, projector.handle(), made, journal.clock());
        Self { projector, sender }
    }

    /// Says what becomes of a message that cannot be sent; [`OnFailure::Park`] unless this is called.
    ///
    /// Parked, it holds up the later messages of its stream alone. An event of which no message can be made stops the relay
    /// in any case.
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.sender.on_failure = on_failure;
        self
    }

    /// Says how often a message that fails is tried, and how long to wait between; 10 times, from 200 milliseconds to a
    /// minute, unless this is called.
    ///
    /// One that the receiver refuses for good is tried once; where the receiver is not there it is tried for as long as it
    /// takes. So it is where the receiver fails with messages of three streams in a row, as a gateway does that answers each
    /// with an error of its own.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.sender.retry = retry;
        self
    }

    /// Says how many messages are sent before it is noted that they were; 256 unless this is called, and fewer where that
    /// is more than [`OutboxMessage::AT_ONCE`](crate::OutboxMessage::AT_ONCE) bytes. As many may come again after a crash.
    pub fn batch(mut self, messages: usize) -> Self {
        self.sender.limit = messages.max(1);
        self
    }

    /// Says how many messages, each of another stream, are on their way at a time; 1 unless this is called.
    ///
    /// With 1, messages are sent in the order of the journal where none fails.
    pub fn at_once(mut self, messages: usize) -> Self {
        self.sender.lanes = messages.max(1);
        self
    }

    /// Says how long the publisher may take for one message; a minute unless this is called.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.sender.timeout = time;
        self
    }

    /// Keeps messages that were sent in the outbox for so long, for people to look at; they are deleted at once unless this
    /// is called.
    pub fn keep_sent(mut self, time: Duration) -> Self {
        self.sender.keep = Some(time);
        self
    }

    /// A handle on it, for what is asked of it while it runs.
    pub fn handle(&self) -> RelayHandle<P, S> {
        self.sender.handle()
    }

    /// Has it run in tasks of its own, until it is [stopped](RelayHandle::stop). After a failure it waits to be
    /// [resumed](RelayHandle::resume).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn(self) -> RelayHandle<P, S> {
        let handle = self.handle();
        tokio::spawn(self.projector.keep_running());
        tokio::spawn(self.sender.keep_running());
        handle
    }

    /// Runs until it is [stopped](RelayHandle::stop).
    ///
    /// # Errors
    ///
    /// The error that it failed with.
    pub async fn run(self) -> Result<(), RelayError> {
        let Self { projector, mut sender } = self;
        let handle = sender.handle();
        let commands = sender.commands();
        let fill = async move {
            let ended = projector.run().await;
            if ended.is_err() {
                // Nothing comes any more: it may end.
                let _ = commands.send(Command::Stop);
            }
            ended.map_err(feed_failed::<P>)
        };
        let send = async move {
            let ended = sender.work(Goal::Follow).await.map(drop);
            drop(sender);
            if ended.is_err() {
                // What it says of itself is not what it ended for.
                let _ = handle.stop_feed().await;
            }
            ended
        };
        let (filling, sending) = join(fill, send).await;
        filling.and(sending)
    }

    /// Sends what is to be told of the journal as it is now, and ends: for what is published on a schedule. Gives the position
    /// up to which all was sent, but for what is parked. It may be called again.
    ///
    /// A receiver that is not there is waited for a few times, some seconds in all or as long as it asks for; then this fails, and
    /// what was not sent stays in the outbox for the next time. So are events that are committed and
    /// [held back](crate::Journal::held_back) by somebody's transaction for longer than the store waits for it: the
    /// position is one before them.
    ///
    /// # Errors
    ///
    /// The error that it failed with; [`RelayError::Message`] where the receiver is not there; [`RelayError::Held`] where another relay does the work; and
    /// [`RelayError::Stopped`] when it was stopped before.
    pub async fn run_to_head(&mut self) -> Result<Position, RelayError> {
        let filled = self.projector.run_to_head().await.map_err(feed_failed::<P>);
        // Whoever stops a relay tells both; one run ends by it.
        if matches!(filled, Err(RelayError::Stopped { .. })) {
            self.sender.forget_stop();
        }
        filled?;
        let sent = self.sender.run_to_end().await;
        if matches!(sent, Err(RelayError::Stopped { .. })) {
            self.projector.forget_stop();
        }
        sent
    }
}

impl<J: fmt::Debug, P: Publish, S: OutboxStore, B> fmt::Debug for Relay<J, P, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("publication", &P::NAME).finish_non_exhaustive()
    }
}
