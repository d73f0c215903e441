//! `Probe`: a reaction without a reactor, for tests.

use std::marker::PhantomData;
use std::sync::Arc;

use super::commands::{KeepAnswers, SentCommand, TimerChange};
use super::{Commands, KeptAnswer, Reacted, Reaction, Targets, Timer};
use crate::journal::{Journal, RawEvent};
use crate::projection::{BoxFuture, ReadStoreError, Stumble, caught};
use crate::snapshot::SnapshotStore;

/// Has a reaction react to single events.
pub(crate) struct Probe<R> {
    targets: Arc<Targets>,
    of: PhantomData<fn() -> R>,
}

/// What a reaction made of an event.
pub(crate) struct Probed {
    pub(crate) sent: Vec<SentCommand>,
    pub(crate) timers: Vec<TimerChange>,
    pub(crate) reacted: Reacted,
}

impl<R: Reaction> Probe<R> {
    pub(crate) fn new<J: Journal + SnapshotStore + Clone>(journal: &J) -> Self {
        let targets = Arc::new(Targets::default());
        R::targets(journal, &targets);
        Self { targets, of: PhantomData }
    }

    pub(crate) async fn react(&self, reaction: &R, raw: &RawEvent<'_>, timer: Option<&Timer>) -> Probed {
        let mut commands = Commands::<R>::new(raw, timer, Arc::clone(&self.targets), Arc::new(KeepNothing));
        commands.record();
        let reacted = caught(R::reactions().react(reaction, raw, timer, &mut commands)).await;
        let reacted = match commands.trouble() {
            None => reacted,
            Some(Stumble::Event(error)) => Err(error),
            Some(Stumble::Journal(error)) => Err(error.into()),
            Some(Stumble::Store(error)) => Err(error.into()),
        };
        let (sent, timers) = commands.into_recorded();
        Probed { sent, timers, reacted }
    }
}

struct KeepNothing;

impl KeepAnswers for KeepNothing {
    fn keep(&self, _: Vec<KeptAnswer>) -> BoxFuture<'_, Result<(), ReadStoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
