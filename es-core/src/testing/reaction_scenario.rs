//! `ReactionScenario`: given what happened, when an event comes, then these commands are sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::diff::diff;
use crate::BoxError;
use crate::aggregate::{Aggregate, CommandOf, EventOf, Events, IdOf, IntoEvents};
use crate::event::{ManualClock, StreamId, Timestamp};
use crate::journal::{Append, ExpectedVersion, Journal, MemoryStore, Page, PageSize};
use crate::reaction::{Probe, Probed, ReactedBy, Reaction, SentBy, Timer, TimerChange};
use crate::repository::new_events;

/// Tests a reaction without a store: given these events, when this event comes, then these commands are sent.
///
/// The commands are decided by their aggregates, on what was given, so that the reaction gets real answers. What does not
/// come out as it should panics, with a diff.
///
/// ```ignore
/// ReactionScenario::of(Transfers)
///     .given::<Account>("bob", Deposited { amount: 1_000 })
///     .given::<Transfer>("t-1", requested)
///     .when::<Transfer, _>("t-1", Taken)
///     .await
///     .then([
///         Sent::to::<Account>("bob", Deposit { amount: 200 }),
///         Sent::to::<Transfer>("t-1", GiveUp { reason: "balance limit is reached".into() }),
///     ]);
/// ```
#[must_use = "a scenario tests nothing before its `then`"]
pub struct ReactionScenario<R> {
    reaction: R,
    journal: MemoryStore,
    given: Vec<Append>,
}

/// A command that a reaction is to send.
#[derive(PartialEq, Eq)]
pub struct Sent {
    stream: StreamId,
    /// Commands cannot be compared, so their `Debug` is.
    command: String,
}

impl Sent {
    /// A command to the aggregate `id`.
    ///
    /// # Panics
    ///
    /// If there can be no aggregate with this id.
    #[track_caller]
    pub fn to<A: Aggregate>(id: impl IdOf<A>, command: impl CommandOf<A> + Into<A::Command>) -> Self {
        let command: A::Command = command.into();
        Self { stream: stream::<A>(&id), command: format!("{command:?}") }
    }
}

impl fmt::Debug for Sent {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <- {}", self.stream, self.command)
    }
}

#[track_caller]
fn stream<A: Aggregate>(id: &impl IdOf<A>) -> StreamId {
    match StreamId::new(A::NAME, &id.id_text()) {
        Ok(stream) => stream,
        Err(error) => panic!("{error}"),
    }
}

impl<R: Reaction> ReactionScenario<R> {
    /// Begins with nothing that has happened, at the time [`Timestamp::UNIX_EPOCH`].
    pub fn of(reaction: R) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        Self { reaction, journal: MemoryStore::builder().clock(clock).build(), given: Vec::new() }
    }

    /// Has these events have happened to the aggregate `id`. The reaction does not see them.
    ///
    /// # Panics
    ///
    /// If there can be no aggregate with this id, or an event does not read back as it was written.
    #[track_caller]
    pub fn given<A: Aggregate>(mut self, id: impl IdOf<A>, events: impl IntoEvents<A>) -> Self {
        self.append::<A>(&stream::<A>(&id), &Events::from(events));
        self
    }

    #[track_caller]
    fn append<A: Aggregate>(&mut self, stream: &StreamId, events: &Events<A>) {
        match new_events(stream, events) {
            Ok(new) => self.given.push(Append::to_stream(stream.clone(), ExpectedVersion::Any, new)),
            Err(error) => panic!("{error}"),
        }
    }

    /// Has an event happen to the aggregate `id`, and the reaction react to it.
    ///
    /// # Panics
    ///
    /// If there can be no aggregate with this id, or the event does not read back as it was written.
    pub async fn when<A, E>(mut self, id: impl IdOf<A>, event: E) -> ReactionThen<R>
    where
        A: Aggregate,
        E: EventOf<A> + ReactedBy<R> + IntoEvents<A>,
    {
        let shown = format!("{event:?}");
        let stream = stream::<A>(&id);
        self.append::<A>(&stream, &Events::from(event));
        let written = async {
            for append in std::mem::take(&mut self.given) {
                self.journal.append(append).await?;
            }
            let version = self.journal.version(&stream).await?;
            let page = self.journal.read_stream(&stream, version..=version, PageSize::events(1)).await?;
            Ok::<_, BoxError>(page)
        };
        match written.await {
            Ok(page) => ReactionThen::after(self.reaction, self.journal, shown, page, None).await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// What a reaction made of an event, to be compared with what it should have made of it.
pub struct ReactionThen<R> {
    reaction: R,
    journal: MemoryStore,
    occasion: String,
    page: Page,
    at: Timestamp,
    sent: Vec<Sent>,
    timers: Vec<TimerChange>,
    reacted: Result<(), BoxError>,
}

impl<R: Reaction> ReactionThen<R> {
    async fn after(reaction: R, journal: MemoryStore, occasion: String, page: Page, timer: Option<&Timer>) -> Self {
        let Some(raw) = page.last() else { panic!("{occasion} is not in the journal") };
        let at = timer.map_or(raw.recorded_at, |timer| timer.due);
        let probe = Probe::<R>::new(&journal);
        let Probed { sent, timers, reacted } = probe.react(&reaction, &raw, timer).await;
        let sent = sent.into_iter().map(|sent| Sent { stream: sent.stream, command: sent.command }).collect();
        Self { reaction, journal, occasion, page, at, sent, timers, reacted }
    }

    #[track_caller]
    fn checked(&self) {
        if let Err(error) = &self.reacted {
            panic!("reacting to {} failed: {error}\n  sent before: {:#?}", self.occasion, self.sent);
        }
    }

    /// Exactly these commands are sent, in this order, whatever becomes of them.
    ///
    /// # Panics
    ///
    /// If others are, or reacting fails.
    #[track_caller]
    pub fn then(self, commands: impl IntoIterator<Item = Sent>) -> Self {
        self.checked();
        let expected: Vec<Sent> = commands.into_iter().collect();
        assert!(self.sent == expected, "{} led to other commands\n{}", self.occasion, diff(&expected, &self.sent));
        self
    }

    /// No command is sent.
    ///
    /// # Panics
    ///
    /// If one is, or reacting fails.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then([])
    }

    /// Reacting fails, and the error has this text.
    ///
    /// # Panics
    ///
    /// If it does not, or the error has another text.
    #[track_caller]
    pub fn then_error(self, expected: &str) -> Self {
        match &self.reacted {
            Ok(()) => {
                panic!("{} was reacted to\n  expected error: {expected}\n  sent: {:#?}", self.occasion, self.sent)
            }
            Err(error) => {
                let actual = error.to_string();
                assert!(actual == expected, "{} led to another error\n{}", self.occasion, diff(&expected, &actual));
            }
        }
        self
    }

    /// A timer of this name is set, to fire `time` after the event, or after the timer before it.
    ///
    /// # Panics
    ///
    /// If none is, or for another time.
    #[track_caller]
    pub fn then_timer(self, name: &str, time: Duration) -> Self {
        self.checked();
        let expected = self.at + time;
        match self.timer(name) {
            Some(timer) if timer.due == expected => self,
            Some(timer) => panic!("timer `{name}` is due at {}, not at {expected}", timer.due),
            None => panic!("{} set no timer `{name}`: {:#?}", self.occasion, self.timers),
        }
    }

    /// A timer of this name is taken away.
    ///
    /// # Panics
    ///
    /// If none is.
    #[track_caller]
    pub fn then_cancelled(self, name: &str) -> Self {
        self.checked();
        let last = self.timers.iter().rev().find(|change| change.name() == name);
        assert!(
            matches!(last, Some(TimerChange::Remove(..))),
            "{} did not cancel timer `{name}`: {:#?}",
            self.occasion,
            self.timers
        );
        self
    }

    /// Goes on to when the timer of this name is due, which was set, and has the reaction wake.
    ///
    /// # Panics
    ///
    /// If no such timer was set.
    pub async fn when_due(self, name: &str) -> Self {
        self.checked();
        let Some(timer) = self.timer(name) else { panic!("{} set no timer `{name}`", self.occasion) };
        let occasion = format!("timer `{name}` of {}", self.occasion);
        Self::after(self.reaction, self.journal, occasion, self.page, Some(&timer)).await
    }

    /// Goes on with another event: what has been sent has happened.
    pub async fn when<A, E>(self, id: impl IdOf<A>, event: E) -> Self
    where
        A: Aggregate + SentBy<R>,
        E: EventOf<A> + ReactedBy<R> + IntoEvents<A>,
    {
        self.checked();
        ReactionScenario { reaction: self.reaction, journal: self.journal, given: Vec::new() }
            .when::<A, E>(id, event)
            .await
    }

    fn timer(&self, name: &str) -> Option<Timer> {
        match self.timers.iter().rev().find(|change| change.name() == name)? {
            TimerChange::Set(timer) => Some(timer.clone()),
            TimerChange::Remove(..) => None,
        }
    }
}

impl<R> fmt::Debug for ReactionThen<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactionThen").field("sent", &self.sent).field("reacted", &self.reacted).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for ReactionScenario<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactionScenario").field("given", &self.given.len()).finish_non_exhaustive()
    }
}
