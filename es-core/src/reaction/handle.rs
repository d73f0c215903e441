//! `ReactorHandle`: what a program asks of a reactor that runs.

use std::fmt;
use std::marker::PhantomData;

use super::reacts::Reacts;
use super::{Reaction, ReactionStore, ReactorError, ReactorStatus};
use crate::event::Position;
use crate::projection::{ProjectorHandle, Replayed, StatusChanges};

/// A reactor that runs, or is about to. Clones are handles on the same one.
///
/// The reactor goes on when its handles are dropped; [`stop`](Self::stop) ends it.
pub struct ReactorHandle<R: Reaction, S: ReactionStore>(pub(super) ProjectorHandle<Reacts<R, S>>);

impl<R: Reaction, S: ReactionStore> Clone for ReactorHandle<R, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Reaction, S: ReactionStore> fmt::Debug for ReactorHandle<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactorHandle").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl<R: Reaction, S: ReactionStore> ReactorHandle<R, S> {
    /// How far the reactor is, and what it is doing.
    pub fn status(&self) -> ReactorStatus {
        ReactorStatus::of::<R>(self.0.status())
    }

    /// Gives each change of the status from now on.
    pub fn changes(&self) -> ReactorStatusChanges<R> {
        ReactorStatusChanges(self.0.changes(), PhantomData)
    }

    /// Waits until all events up to `position` have been reacted to. What their commands led to is in the journal then, and may
    /// have to be reacted to in its turn.
    ///
    /// # Errors
    ///
    /// The error that the reactor failed with, or [`ReactorError::Stopped`].
    pub async fn wait_for(&self, position: Position) -> Result<(), ReactorError> {
        self.0.wait_for(position).await.map_err(ReactorError::of::<R>)
    }

    /// Pauses the reactor; what it is about to do is finished before this returns. Timers wait too. It keeps the reaction, so
    /// that no other reactor runs it meanwhile.
    ///
    /// # Errors
    ///
    /// [`ReactorError::Stopped`] when the reactor has ended.
    pub async fn pause(&self) -> Result<(), ReactorError> {
        self.0.pause().await.map_err(ReactorError::of::<R>)
    }

    /// Has a reactor that was paused, or that failed, go on.
    ///
    /// # Errors
    ///
    /// [`ReactorError::Stopped`] when the reactor has ended.
    pub async fn resume(&self) -> Result<(), ReactorError> {
        self.0.resume().await.map_err(ReactorError::of::<R>)
    }

    /// Stops the reactor: what it is about to do is finished and noted, and the reaction is free for another reactor,
    /// before this returns.
    ///
    /// It has ended after this, whatever the answer is, as a projector [has](crate::ProjectorHandle::stop): `Ok` says that
    /// nothing was wrong, and the error what was.
    ///
    /// ```
    /// # use es_core::prelude::*;
    /// # async fn end<R: Reaction, S: es_core::ReactionStore>(process: ReactorHandle<R, S>) {
    /// if let Err(error) = process.stop().await {
    ///     eprintln!("the process had stopped short: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What was wrong with the reactor when it was told to stop: the error that it had failed with, so that it waited to be
    /// [resumed](Self::resume); or the one that it was about to try again after. The next reactor begins with what this one
    /// did not finish.
    pub async fn stop(&self) -> Result<(), ReactorError> {
        self.0.stop().await.map_err(ReactorError::of::<R>)
    }

    /// Reacts to the events that are parked, in their order, and takes back the timers that are. Where one fails again, it
    /// and what follows it in its stream stay parked.
    ///
    /// # Errors
    ///
    /// The error of the journal or the store, or [`ReactorError::Stopped`].
    pub async fn replay_parked(&self) -> Result<Replayed, ReactorError> {
        self.0.replay_parked().await.map_err(ReactorError::of::<R>)
    }

    /// Forgets how far the reaction has come, with its timers, and begins as a new one does: where the reactor was told to.
    ///
    /// Commands that were accepted before change nothing when they are sent again; those that were rejected are decided
    /// anew. A reactor that is paused or has failed goes on. Returns when it has begun.
    ///
    /// # Errors
    ///
    /// The error of the journal or the store, or [`ReactorError::Stopped`].
    pub async fn start_over(&self) -> Result<(), ReactorError> {
        self.0.start_over().await.map_err(ReactorError::of::<R>)
    }
}

/// Gives each change of a reactor's status: made by [`ReactorHandle::changes`].
#[derive(Debug)]
pub struct ReactorStatusChanges<R>(StatusChanges, PhantomData<fn() -> R>);

impl<R: Reaction> ReactorStatusChanges<R> {
    /// Waits for the next change; several that follow each other fast are one. `None` after the last one.
    pub async fn next(&mut self) -> Option<ReactorStatus> {
        self.0.next().await.map(ReactorStatus::of::<R>)
    }
}
