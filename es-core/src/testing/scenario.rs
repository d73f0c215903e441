//! `Scenario`: given what happened, when a command comes, then this happens.

use std::fmt::Debug;

use super::diff::diff;
use crate::aggregate::{Aggregate, Context, Events, IntoCommand, IntoEvents};
use crate::codec::{Codec, Payload};
use crate::event::{CommandId, Metadata, Timestamp};

/// Tests an aggregate without a journal: given these events, when this command comes, then this happens.
///
/// Each event, given or new, is also written and read back as in a journal, so an event that does not survive that is
/// found here. What does not come out as it should panics, with a diff.
///
/// ```ignore
/// Scenario::<Account>::given(Increased { by: 100 })
///     .when(Decrease { by: 30 })
///     .then(Decreased { by: 30 })
///     .then_state(Account { balance: 70 });
/// ```
#[must_use = "a scenario tests nothing before its `then`"]
pub struct Scenario<A> {
    state: A,
    now: Timestamp,
    metadata: Metadata,
}

impl<A: Aggregate> Default for Scenario<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Scenario<A> {
    /// Begins with an aggregate that has no events yet, at the time [`Timestamp::UNIX_EPOCH`].
    pub fn new() -> Self {
        Self { state: A::initial(), now: Timestamp::UNIX_EPOCH, metadata: Metadata::default() }
    }

    /// Begins with an aggregate that these events happened to.
    ///
    /// # Panics
    ///
    /// If an event does not read back as it was written.
    #[track_caller]
    pub fn given(events: impl IntoEvents<A>) -> Self {
        Self::new().and(events)
    }

    /// Has these events happen too.
    ///
    /// # Panics
    ///
    /// If an event does not read back as it was written.
    #[track_caller]
    pub fn and(mut self, events: impl IntoEvents<A>) -> Self {
        for event in &Events::<A>::from(events) {
            apply(&mut self.state, event);
        }
        self
    }

    /// Has the commands that follow come at the time `now`.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// Has the commands that follow come from `actor`.
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.metadata.actor = Some(actor.into());
        self
    }

    /// Gives the command that follows an id.
    pub fn command_id(mut self, id: CommandId) -> Self {
        self.metadata.command_id = Some(id);
        self
    }

    /// Has the aggregate decide on a command.
    ///
    /// # Panics
    ///
    /// If an event that it gives does not read back as it was written.
    #[track_caller]
    pub fn when(mut self, command: impl IntoCommand<A>) -> Then<A> {
        let command = command.into_command();
        let shown = format!("{command:?}");
        let context = Context::new(self.now, self.metadata.clone());
        let decision = self.state.handle_command(command, &context);
        if let Ok(events) = &decision {
            events.iter().for_each(|event| apply(&mut self.state, event));
        }
        self.metadata.command_id = None;
        Then { scenario: self, command: shown, decision }
    }
}

/// What an aggregate made of a command, to be compared with what it should have made of it.
pub struct Then<A: Aggregate> {
    scenario: Scenario<A>,
    command: String,
    decision: Result<Events<A>, A::Error>,
}

impl<A: Aggregate> Then<A> {
    /// The command gives exactly these events, in this order.
    ///
    /// # Panics
    ///
    /// If it gives others, or is rejected.
    #[track_caller]
    pub fn then(self, events: impl IntoEvents<A>) -> Self {
        let expected = Events::<A>::from(events);
        match &self.decision {
            Ok(actual) if *actual == expected => self,
            Ok(actual) => panic!("{} gave other events\n{}", self.command, diff(&expected, actual)),
            Err(error) => {
                panic!("{} was rejected: {error}\n  error: {error:?}\n  expected events: {expected:#?}", self.command)
            }
        }
    }

    /// The command is accepted, but nothing happens.
    ///
    /// # Panics
    ///
    /// If it gives events, or is rejected.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then(Events::none())
    }

    /// The command is rejected with this error.
    ///
    /// # Panics
    ///
    /// If it is accepted, or rejected with another error.
    #[track_caller]
    pub fn then_error(self, expected: impl Into<A::Error>) -> Self
    where
        A::Error: PartialEq,
    {
        let expected = expected.into();
        match &self.decision {
            Err(actual) if *actual == expected => self,
            Err(actual) => panic!("{} was rejected with another error\n{}", self.command, diff(&expected, actual)),
            Ok(events) => {
                panic!("{} was accepted\n  expected error: {expected:?}\n  actual events: {events:#?}", self.command)
            }
        }
    }

    /// The state is this one afterwards.
    ///
    /// # Panics
    ///
    /// If it is another one.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other steps do")]
    pub fn then_state(self, expected: A) -> Self
    where
        A: PartialEq + Debug,
    {
        let actual = &self.scenario.state;
        assert!(*actual == expected, "{} led to another state\n{}", self.command, diff(&expected, actual));
        self
    }

    /// Goes on with another command, on the state that this one led to.
    ///
    /// # Panics
    ///
    /// If an event that it gives does not read back as it was written.
    #[track_caller]
    pub fn when(self, command: impl IntoCommand<A>) -> Self {
        self.scenario.when(command)
    }

    /// Goes on with events that happen, and then perhaps another command.
    ///
    /// # Panics
    ///
    /// If an event does not read back as it was written.
    #[track_caller]
    pub fn and(self, events: impl IntoEvents<A>) -> Scenario<A> {
        self.scenario.and(events)
    }
}

/// Applies an event as a journal would give it back.
#[track_caller]
fn apply<A: Aggregate>(state: &mut A, event: &A::Event) {
    let mut bytes = Vec::new();
    let kind = match A::encode_event(event, &mut bytes) {
        Ok(kind) => kind,
        Err(error) => panic!("{event:?} cannot be written: {error}"),
    };
    let payload = Payload { format: A::Codec::FORMAT, bytes: &bytes };
    let shown = String::from_utf8_lossy(&bytes);
    match A::resolve(kind.name).and_then(|index| A::decode_event(index, kind.version, &payload)) {
        Ok(read) if read.as_slice() == std::slice::from_ref(event) => state.apply_event(event),
        Ok(read) => panic!("an event does not read back as it was written, as {shown}\n{}", diff(&[event], &read)),
        Err(error) => panic!("{event:?}, written as {shown}, does not read back: {error}"),
    }
}
