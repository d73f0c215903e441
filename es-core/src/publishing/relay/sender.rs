//! `Sender`: what a relay has in hand, and how it is set.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::handle::Command;
use super::send::{Away, Waiting};
use super::{RelayHandle, RelayState, RelayStatus};
use crate::event::{Clock, StreamId};
use crate::projection::{OnFailure, ProjectorHandle, StatusChanges};
use crate::publishing::feed::Made;
use crate::publishing::{Feed, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, Publish};
use crate::repository::Retry;

/// How often a message is tried, unless the user says otherwise.
const RETRY: Retry = Retry { attempts: 10, wait: Duration::from_millis(200), longest_wait: Duration::from_mins(1) };
/// How many messages are taken at a time, unless the user says otherwise.
const BATCH: usize = 256;

/// Sends what is in an outbox.
pub(super) struct Sender<P: Publish, S: OutboxStore, B> {
    pub(super) store: S,
    pub(super) publisher: Arc<B>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) on_failure: OnFailure,
    pub(super) retry: Retry,
    pub(super) limit: usize,
    pub(super) lanes: usize,
    pub(super) timeout: Duration,
    pub(super) keep: Option<Duration>,
    pub(super) feed: ProjectorHandle<Feed<P, S>>,
    pub(super) filled: StatusChanges,
    pub(super) made: Made,
    /// How often the messages had been made anew when those were read that are in hand.
    pub(super) of: u64,
    pub(super) status: watch::Sender<RelayStatus>,
    /// Kept so that there is always someone to give commands, if only this.
    pub(super) teller: mpsc::UnboundedSender<Command>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    /// Commands that came while it was waiting for something else.
    pub(super) pending: VecDeque<Command>,
    pub(super) lease: Option<Arc<S::Lease>>,
    /// Whether it was told to pause, and not yet to go on.
    pub(super) paused: bool,
    /// Whether it is known which streams have parked messages.
    pub(super) known: bool,
    pub(super) parked: HashSet<StreamId>,
    /// Streams whose first message is tried again later.
    pub(super) waiting: HashMap<StreamId, Waiting>,
    pub(super) away: Away,
    /// What is not noted in the outbox yet.
    pub(super) sent: Arc<Vec<OutboxMessage>>,
    pub(super) parks: Vec<ParkedMessage>,
    pub(super) counted: Option<Instant>,
    pub(super) size: OutboxSize,
    pub(super) forgotten: Instant,
}

impl<P: Publish, S: OutboxStore, B> Sender<P, S, B> {
    pub(super) fn new(
        store: S,
        publisher: B,
        feed: ProjectorHandle<Feed<P, S>>,
        made: Made,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (teller, commands) = mpsc::unbounded_channel();
        Self {
            store,
            publisher: Arc::new(publisher),
            clock,
            on_failure: OnFailure::Park,
            retry: RETRY,
            limit: BATCH,
            lanes: 1,
            timeout: Duration::from_mins(1),
            keep: None,
            filled: feed.changes(),
            status: watch::Sender::new(RelayStatus::new(P::NAME, feed.status())),
            feed,
            made,
            of: 0,
            teller,
            commands,
            pending: VecDeque::new(),
            lease: None,
            paused: false,
            known: false,
            parked: HashSet::new(),
            waiting: HashMap::new(),
            away: Away::default(),
            sent: Arc::default(),
            parks: Vec::new(),
            counted: None,
            size: OutboxSize::default(),
            forgotten: Instant::now(),
        }
    }

    pub(super) fn handle(&self) -> RelayHandle<P, S> {
        let (store, feed) = (self.store.clone(), self.feed.clone());
        RelayHandle { store, feed, status: self.status.clone(), commands: self.teller.clone() }
    }

    pub(super) fn commands(&self) -> mpsc::UnboundedSender<Command> {
        self.teller.clone()
    }

    pub(super) fn state(&self, state: RelayState) {
        self.status.send_if_modified(|status| {
            let changed = status.state != state;
            status.state = state;
            changed
        });
    }
}

impl<P: Publish, S: OutboxStore, B> Drop for Sender<P, S, B> {
    fn drop(&mut self) {
        // Whoever is told that it has stopped may begin another one.
        self.lease = None;
        self.state(RelayState::Stopped);
    }
}
