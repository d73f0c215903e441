//! `Reacts`: a reaction, as a projector runs it.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use super::commands::{KeepAnswers, TimerChange};
use super::{Commands, KeptAnswer, Reaction, ReactionStore, Reactions, Targets, Timer};
use crate::event::Timestamp;
use crate::projection::{
    BoxFuture, Occasion, OneByOne, Projected, Projection, Reacting, ReadStore, ReadStoreError, Routes, Stumble, TxOf,
    Work, caught,
};

/// How many timers are looked at together.
const TIMERS: usize = 256;

/// A reaction, as a projector runs it.
pub(super) struct Reacts<R: Reaction, S> {
    reaction: R,
    reactions: Reactions<R>,
    targets: Arc<Targets>,
    /// The next timer that is kept.
    next: Option<Timer>,
    /// Answers that are kept, by what they were given on.
    answers: HashMap<Uuid, Vec<KeptAnswer>>,
    /// What is to be noted.
    timers: Vec<TimerChange>,
    done: Vec<Uuid>,
    store: PhantomData<fn() -> S>,
}

impl<R: Reaction, S> Reacts<R, S> {
    pub(super) fn new(reaction: R, targets: Arc<Targets>) -> Self {
        Self {
            reaction,
            reactions: R::reactions(),
            targets,
            next: None,
            answers: HashMap::new(),
            timers: Vec::new(),
            done: Vec::new(),
            store: PhantomData,
        }
    }
}

impl<R: Reaction, S: ReactionStore> Projection for Reacts<R, S> {
    type Store = S;
    type Event = OneByOne;

    const NAME: &'static str = R::CHECKPOINT;
    const VERSION: u32 = 1;

    fn routes() -> Routes<Self> {
        Routes::new()
    }

    fn create_model<'a>(&'a mut self, _tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn reset_model<'a>(&'a mut self, _tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn reacting(&mut self) -> Option<&mut dyn Reacting<S>> {
        Some(self)
    }
}

impl<R: Reaction, S: ReactionStore> Reacting<S> for Reacts<R, S> {
    fn take_up<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
        anew: bool,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>> {
        Box::pin(async move {
            self.begin();
            if anew {
                self.forget_all(lease, tx).await?;
            }
            self.answers.clear();
            for answer in S::answers(lease, tx).await? {
                self.answers.entry(answer.occasion).or_default().push(answer);
            }
            self.look_for_timer(lease, tx).await
        })
    }

    fn begin(&mut self) {
        self.timers.clear();
        self.done.clear();
    }

    fn react<'a>(
        &'a mut self,
        occasion: Occasion<'a>,
        store: &'a S,
        lease: &'a Arc<S::Lease>,
    ) -> BoxFuture<'a, Result<bool, Stumble>> {
        Box::pin(async move {
            let (raw, timer) = match occasion {
                Occasion::Event(raw) => (raw, None),
                Occasion::Timer(timer, raw) => (raw, Some(timer)),
            };
            let keeper = Arc::new(Keeper { store: store.clone(), lease: Arc::clone(lease) });
            let mut commands = Commands::<R>::new(raw, timer, Arc::clone(&self.targets), keeper);
            commands.kept = self.answers.get(&commands.occasion()).cloned().unwrap_or_default();
            let reacted = caught(self.reactions.react(&self.reaction, raw, timer, &mut commands)).await;
            let occasion = commands.occasion();
            if !commands.kept.is_empty() {
                self.answers.insert(occasion, std::mem::take(&mut commands.kept));
            }
            if let Some(trouble) = commands.trouble() {
                return Err(trouble);
            }
            reacted.map_err(Stumble::Event)?;
            self.timers.append(&mut commands.timers);
            self.done.push(occasion);
            // An answer that is not kept stands once this is noted, and before the next command is sent.
            Ok(commands.unkept.is_empty())
        })
    }

    fn settle<'a>(&'a mut self, lease: &'a S::Lease, tx: &'a mut S::Tx) -> BoxFuture<'a, Result<(), ReadStoreError>> {
        Box::pin(async move {
            let look = !self.timers.is_empty();
            for change in std::mem::take(&mut self.timers) {
                match change {
                    TimerChange::Set(timer) => S::set_timer(lease, tx, &timer).await?,
                    TimerChange::Remove(stream, name) => S::remove_timer(lease, tx, &stream, &name).await?,
                }
            }
            for occasion in std::mem::take(&mut self.done) {
                if self.answers.remove(&occasion).is_some() {
                    S::forget_answers(lease, tx, occasion).await?;
                }
            }
            if look {
                self.look_for_timer(lease, tx).await?;
            }
            Ok(())
        })
    }

    fn next_due(&self) -> Option<Timestamp> {
        let new = self.timers.iter().filter_map(|change| match change {
            TimerChange::Set(timer) => Some(timer.due),
            TimerChange::Remove(..) => None,
        });
        new.chain(self.next.as_ref().map(|timer| timer.due)).min()
    }

    fn next_timer(&self) -> Option<Timer> {
        self.next.clone()
    }

    fn park_timer<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
        timer: Timer,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>> {
        Box::pin(async move {
            S::set_timer(lease, tx, &timer).await?;
            self.look_for_timer(lease, tx).await
        })
    }

    fn unpark_timers<'a>(
        &'a mut self,
        lease: &'a S::Lease,
        tx: &'a mut S::Tx,
    ) -> BoxFuture<'a, Result<(), ReadStoreError>> {
        Box::pin(async move {
            loop {
                let parked = S::timers(lease, tx, true, TIMERS).await?;
                if parked.is_empty() {
                    break;
                }
                for timer in parked {
                    S::set_timer(lease, tx, &Timer { error: None, ..timer }).await?;
                }
            }
            self.look_for_timer(lease, tx).await
        })
    }
}

impl<R: Reaction, S: ReactionStore> Reacts<R, S> {
    async fn look_for_timer(&mut self, lease: &S::Lease, tx: &mut S::Tx) -> Result<(), ReadStoreError> {
        self.next = S::timers(lease, tx, false, 1).await?.into_iter().next();
        Ok(())
    }

    async fn forget_all(&mut self, lease: &S::Lease, tx: &mut S::Tx) -> Result<(), ReadStoreError> {
        for put_aside in [false, true] {
            loop {
                let timers = S::timers(lease, tx, put_aside, TIMERS).await?;
                if timers.is_empty() {
                    break;
                }
                for timer in timers {
                    S::remove_timer(lease, tx, &timer.stream, &timer.name).await?;
                }
            }
        }
        for answer in S::answers(lease, tx).await? {
            S::forget_answers(lease, tx, answer.occasion).await?;
        }
        Ok(())
    }
}

/// Keeps answers, in transactions of their own.
struct Keeper<S: ReadStore> {
    store: S,
    lease: Arc<S::Lease>,
}

impl<S: ReactionStore> KeepAnswers for Keeper<S> {
    fn keep(&self, answers: Vec<KeptAnswer>) -> BoxFuture<'_, Result<(), ReadStoreError>> {
        let lease = Arc::clone(&self.lease);
        let work: Work<S::Tx, Result<(), ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                let keeping = async {
                    for answer in &answers {
                        S::keep_answer(&lease, tx, answer).await?;
                    }
                    // Fails where another one has taken over.
                    match S::load(&lease, tx).await? {
                        Some(checkpoint) => S::save(&lease, tx, &checkpoint).await,
                        None => Ok(()),
                    }
                };
                keeping.await.into()
            })
        });
        Box::pin(async move { self.store.transact(work).await? })
    }
}
