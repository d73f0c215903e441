//! `Reacting`: what a projector runs that is a reaction, and no read model.

use std::sync::Arc;

use super::{BoxFuture, ReadStore, ReadStoreError};
use crate::BoxError;
use crate::event::Timestamp;
use crate::journal::{JournalError, RawEvent};
use crate::reaction::Timer;

/// What is reacted to.
#[derive(Clone, Copy)]
pub enum Occasion<'a> {
    /// An event.
    Event(&'a RawEvent<'a>),
    /// A timer that is due, and the event that it was set for.
    Timer(&'a Timer, &'a RawEvent<'a>),
}

/// Why something was not reacted to.
pub enum Stumble {
    /// The reaction failed.
    Event(BoxError),
    /// The journal failed, so that it is not known what became of a command.
    Journal(JournalError),
    /// The read store failed.
    Store(ReadStoreError),
}

impl From<ReadStoreError> for Stumble {
    fn from(error: ReadStoreError) -> Self {
        Self::Store(error)
    }
}

/// Reacts outside of transactions, and keeps what is to be kept of it in the transaction that takes note of it.
pub trait Reacting<S: ReadStore>: Send {
    /// Begins under a lease; `anew` forgets what there was.
    fn take_up<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
        anew: bool,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>>;

    /// Forgets what it was about to keep.
    fn begin(&mut self);

    /// Reacts; gives whether it may go on before that is noted.
    fn react<'a>(
        &'a mut self,
        occasion: Occasion<'a>,
        store: &'a S,
        lease: &'a Arc<S::Lease>,
    ) -> BoxFuture<'a, Result<bool, Stumble>>;

    /// Keeps what is to be kept since [`begin`](Self::begin).
    fn settle<'a>(&'a mut self, lease: &'a S::Lease, tx: &'a mut S::Tx) -> BoxFuture<'a, Result<(), ReadStoreError>>;

    /// When the next timer is due, also of those that are not kept yet.
    fn next_due(&self) -> Option<Timestamp>;

    /// The next timer that is kept.
    fn next_timer(&self) -> Option<Timer>;

    /// Puts a timer aside that failed.
    fn park_timer<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
        timer: Timer,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>>;

    /// Takes back the timers that were put aside.
    fn unpark_timers<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>>;
}
