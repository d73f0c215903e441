//! `Attempt`: a command under way on one aggregate.

use std::sync::Arc;

use super::current::{Current, Decoder};
use super::execute::{Outcome, Target};
use super::new_events::{EventIds, encode};
use super::patience::Tries;
use super::{ExecuteError, LoadError, Repository};
use crate::aggregate::{Aggregate, Context, Decision, Events};
use crate::event::{CommandId, Timestamp};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal, PageSize};
use crate::snapshot::SnapshotStore;

/// The state that a command is decided on, and where that comes from.
pub(super) struct Attempt<'a, A: Aggregate, S> {
    repository: &'a Repository<A, S>,
    target: &'a Target<A>,
    context: &'a mut Context,
    current: Current<A>,
    /// Whether `current` was read from the journal for this command. One from the cache may be outdated: good enough
    /// to append on, since the journal checks the version, but not to reject on.
    fresh: bool,
}

/// The events of a decision, with the ids that they have each time they are appended.
struct Draft<A: Aggregate> {
    events: Events<A>,
    ids: EventIds,
}

enum Written<A: Aggregate> {
    Done(Outcome<A>),
    /// Another writer was faster: the stream has this version now.
    LostTo(u64),
}

/// What a state that may be outdated turned out to be.
enum Refreshed<A: Aggregate> {
    /// That of now.
    Same,
    /// Another one than that of now, which it is by now.
    Other,
    /// Another one, to which the command itself has led meanwhile.
    Repeated(Outcome<A>),
}

/// The answer to a command that is to be decided on the state of now.
enum Again<A: Aggregate> {
    Decided(Decision<A>),
    /// It has been executed meanwhile.
    Repeated(Outcome<A>),
}

impl<'a, A: Aggregate, S: Journal + SnapshotStore> Attempt<'a, A, S> {
    pub(super) async fn begin(
        repository: &'a Repository<A, S>,
        target: &'a Target<A>,
        context: &'a mut Context,
    ) -> Result<Self, LoadError> {
        let Target { stream, slot } = target;
        let (current, fresh) = match slot.get() {
            Some(current) => (current, false),
            None => (Box::pin(repository.load_current(stream, slot, u64::MAX)).await?, true),
        };
        Ok(Self { repository, target, context, current, fresh })
    }

    /// Executes the command, unless the store cannot be used.
    pub(super) async fn execute(
        &mut self,
        command: &A::Command,
        expected: Option<u64>,
        attempts: &mut u32,
        tries: &mut Tries<'_>,
        decided_on: &mut Option<(u64, Timestamp)>,
    ) -> Result<Outcome<A>, ExecuteError<A::Error>> {
        if let Some(outcome) = self.repeated().await? {
            return Ok(outcome);
        }
        if let Some(expected) = expected
            && let Some(outcome) = Box::pin(self.expect(expected)).await?
        {
            return Ok(outcome);
        }
        loop {
            let decision = {
                let decision = self.decide(command);
                if self.stands(&decision) {
                    decision
                } else {
                    match Box::pin(self.decide_again(command, expected, decision)).await? {
                        Again::Decided(decision) => decision,
                        Again::Repeated(outcome) => return Ok(outcome),
                    }
                }
            };
            *decided_on = Some((self.current.version, self.context.now()));
            let events = decision.map_err(ExecuteError::Rejected)?;
            if events.is_empty() {
                return Ok(self.unchanged());
            }
            let draft = Draft { events, ids: EventIds::of(self.context, 0) };
            let (append, events) = self.encode(&draft)?;
            let written = match self.repository.inner.store.append(append).await {
                Ok(appended) if !appended.repeated => Written::Done(self.take_over(events, &draft.ids, &appended)),
                answer => Box::pin(self.settle(answer, draft, events, tries)).await?,
            };
            match written {
                Written::Done(outcome) => {
                    if !outcome.repeated {
                        self.snapshot(outcome.events.len()).await;
                    }
                    return Ok(outcome);
                }
                Written::LostTo(actual) => {
                    if let Some(outcome) = Box::pin(self.lost_to(actual, expected, attempts)).await? {
                        return Ok(outcome);
                    }
                }
            }
        }
    }

    /// What the command did, if it has been executed before.
    async fn repeated(&self) -> Result<Option<Outcome<A>>, LoadError> {
        match self.context.command_id() {
            Some(id) => Box::pin(self.repository.outcome_of(self.target, id)).await,
            None => Ok(None),
        }
    }

    /// Makes sure that the state is that of the version that the caller saw; gives what the command did, if that turns out.
    async fn expect(&mut self, expected: u64) -> Result<Option<Outcome<A>>, ExecuteError<A::Error>> {
        if self.current.version != expected
            && let Refreshed::Repeated(outcome) = self.refresh().await?
        {
            return Ok(Some(outcome));
        }
        let actual = self.current.version;
        if actual == expected {
            return Ok(None);
        }
        let (stream, expected) = (self.target.stream.clone(), ExpectedVersion::Exact(expected));
        Err(ExecuteError::Conflict { stream, expected, actual, attempts: 0 })
    }

    /// Decides on the state at hand.
    fn decide(&mut self, command: &A::Command) -> Decision<A> {
        self.context.set_now(self.repository.inner.clock.now());
        self.current.state.handle_command(command.clone(), self.context)
    }

    /// Whether a decision is good, though the state that it was made on may be outdated.
    fn stands(&self, decision: &Decision<A>) -> bool {
        self.fresh || decision.as_ref().is_ok_and(|events| !events.is_empty())
    }

    /// The decision on the state of now: the one that was made, where that is the same state.
    async fn decide_again(
        &mut self,
        command: &A::Command,
        expected: Option<u64>,
        decision: Decision<A>,
    ) -> Result<Again<A>, ExecuteError<A::Error>> {
        match self.refresh().await? {
            Refreshed::Same => return Ok(Again::Decided(decision)),
            Refreshed::Repeated(outcome) => return Ok(Again::Repeated(outcome)),
            Refreshed::Other => {}
        }
        if let Some(expected) = expected
            && let Some(outcome) = self.expect(expected).await?
        {
            return Ok(Again::Repeated(outcome));
        }
        Ok(Again::Decided(self.decide(command)))
    }

    /// Goes to the version that the journal has.
    async fn refresh(&mut self) -> Result<Refreshed<A>, LoadError> {
        if self.fresh {
            return Ok(Refreshed::Same);
        }
        let actual = self.repository.inner.store.version(&self.target.stream).await?;
        if actual == self.current.version {
            self.fresh = true;
            return Ok(Refreshed::Same);
        }
        self.go_to(actual).await?;
        // What is new may be what the command did, executed by another program since it was looked for.
        Ok(self.repeated().await?.map_or(Refreshed::Other, Refreshed::Repeated))
    }

    async fn go_to(&mut self, actual: u64) -> Result<(), LoadError> {
        let Target { stream, slot } = self.target;
        let journal = &self.repository.inner.store;
        if actual > self.current.version && Box::pin(self.current.catch_up_if_there(journal, stream, u64::MAX)).await? {
            slot.put(&self.current);
        } else {
            // The journal has not what the state is made of: it was put back to an earlier state.
            slot.clear();
            self.current = Box::pin(self.repository.load_current(stream, slot, u64::MAX)).await?;
        }
        self.fresh = true;
        Ok(())
    }

    /// Goes on after a lost race; gives what the command did, if it was the one who won.
    async fn lost_to(
        &mut self,
        actual: u64,
        expected: Option<u64>,
        attempts: &mut u32,
    ) -> Result<Option<Outcome<A>>, ExecuteError<A::Error>> {
        let wait = match expected {
            Some(_) => None,
            None => self.repository.inner.retry.wait_after(*attempts),
        };
        let Some(wait) = wait else {
            let (stream, expected) = (self.target.stream.clone(), ExpectedVersion::Exact(self.current.version));
            return Err(ExecuteError::Conflict { stream, expected, actual, attempts: *attempts });
        };
        crate::runtime::sleep(wait).await;
        self.go_to(actual).await?;
        let outcome = self.repeated().await?;
        *attempts += u32::from(outcome.is_none());
        Ok(outcome)
    }

    /// The append of a decision, and its events as they will read back.
    fn encode(&self, draft: &Draft<A>) -> Result<(Append, Events<A>), ExecuteError<A::Error>> {
        let stream = &self.target.stream;
        let (new, written) = encode(stream, &draft.events, &draft.ids, self.context.metadata())
            .map_err(|source| ExecuteError::Encode { stream: stream.clone(), source })?;
        Ok((Append::to_stream(stream.clone(), ExpectedVersion::Exact(self.current.version), new), written))
    }

    /// Finds out what became of an append that was not just written.
    async fn settle(
        &mut self,
        mut answer: Result<Appended, AppendError>,
        draft: Draft<A>,
        mut events: Events<A>,
        tries: &mut Tries<'_>,
    ) -> Result<Written<A>, ExecuteError<A::Error>> {
        let stream = &self.target.stream;
        let unknown = |source| ExecuteError::Unknown { stream: stream.clone(), source };
        let mut in_doubt = false;
        let appended = loop {
            match answer {
                Ok(appended) => break appended,
                Err(AppendError::Unknown { source }) => {
                    in_doubt = true;
                    if !tries.wait().await {
                        return Err(unknown(source));
                    }
                }
                // The journal looks for the events before it compares versions, so they are not there.
                Err(AppendError::Conflict { actual, .. }) => return Ok(Written::LostTo(actual)),
                // Nothing was written, so the same events are tried again.
                Err(AppendError::Journal(error)) if tries.wait_after(&error).await => {}
                // Nothing was written this time; before, something may have been.
                Err(AppendError::Journal(error)) if in_doubt => return Err(unknown(error.into())),
                Err(AppendError::Journal(error)) => return Err(ExecuteError::Journal(error)),
                Err(error) => {
                    // The same command, decided by another program at the same time, gave other events.
                    return match self.found(tries).await? {
                        Some(outcome) => Ok(Written::Done(outcome)),
                        None => Err(ExecuteError::Append(error)),
                    };
                }
            }
            let append;
            (append, events) = self.encode(&draft)?;
            answer = self.repository.inner.store.append(append).await;
        };
        if appended.repeated
            && let Some(outcome) = self.found(tries).await?
        {
            return Ok(Written::Done(outcome));
        }
        Ok(Written::Done(self.take_over(events, &draft.ids, &appended)))
    }

    /// What the command did, if it turned out while it was written that it has been executed: where that cannot be read now, it
    /// may be another time.
    async fn found(&self, tries: &mut Tries<'_>) -> Result<Option<Outcome<A>>, ExecuteError<A::Error>> {
        loop {
            match self.repeated().await {
                Ok(outcome) => return Ok(outcome),
                Err(LoadError::Journal(error)) if tries.wait_after(&error).await => {}
                Err(error) => {
                    return Err(ExecuteError::Unknown { stream: self.target.stream.clone(), source: error.into() });
                }
            }
        }
    }

    /// Takes a snapshot in the background if so many events since the last look make one due.
    async fn snapshot(&self, events: usize) {
        let Target { stream, slot } = self.target;
        let before = self.current.version.saturating_sub(events as u64);
        if let Some(snapshot) = self.repository.snapshot_if_due(stream, slot, before, &self.current) {
            snapshot.await;
        }
    }

    /// Takes over what was written.
    fn take_over(&mut self, events: Events<A>, ids: &EventIds, appended: &Appended) -> Outcome<A> {
        let Target { stream, slot } = self.target;
        // With the cache's share of the state gone, it can be changed in place.
        drop(slot.take());
        self.current.change(|state| events.iter().for_each(|event| state.apply_event(event)));
        self.current.version += events.len() as u64;
        self.current.position = appended.position;
        self.current.last_event = events.len().checked_sub(1).map(|last| ids.id(stream, last));
        slot.put(&self.current);
        Outcome { events: events.into_vec(), ..self.unchanged() }
    }

    fn unchanged(&self) -> Outcome<A> {
        Outcome {
            events: Vec::new(),
            state: Arc::clone(&self.current.state),
            version: self.current.version,
            position: self.current.position,
            repeated: false,
        }
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// What the command `id` did on a stream, if it did anything.
    async fn outcome_of(&self, target: &Target<A>, id: CommandId) -> Result<Option<Outcome<A>>, LoadError> {
        let (journal, Target { stream, slot }) = (&self.inner.store, target);
        let Some(versions) = journal.find_command(stream, id).await? else { return Ok(None) };
        let (mut from, to) = versions.into_inner();
        let mut events = Vec::new();
        let mut decoder;
        let last_event = loop {
            let page = journal.read_stream(stream, from..=to, PageSize::default()).await?;
            decoder = Decoder::new();
            for raw in page.iter().filter(|raw| raw.metadata.command_id == Some(id)) {
                events.extend(decoder.decode::<A>(&raw)?);
            }
            match page.last() {
                Some(last) if page.more() => from = last.version + 1,
                last => break last.map(|last| last.id),
            }
        };
        let current = self.load_after(stream, slot, to, last_event).await?;
        let Current { state, version, position, .. } = current;
        Ok(Some(Outcome { events, state, version, position, repeated: true }))
    }
}
