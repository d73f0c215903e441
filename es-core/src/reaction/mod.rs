//! Reactions: events in, commands out.
//!
//! A [`Reaction`] says which events it reacts to, and what each leads to: commands to aggregates, timers. A [`Reactor`]
//! runs it. Each event is reacted to at least once, and each command has an id that is made from the event, so that a
//! repeat of it changes nothing.

mod commands;
mod error;
mod handle;
#[doc(hidden)]
pub(crate) mod private;
mod probe;
mod reactor;
mod reacts;
mod routes;
mod status;
mod store;
mod targets;
mod timer;

use std::future::Future;

pub(crate) use commands::TimerChange;
pub use commands::{Commands, SendError};
pub use error::ReactorError;
pub use handle::{ReactorHandle, ReactorStatusChanges};
pub(crate) use probe::{Probe, Probed};
pub use reactor::Reactor;
pub use routes::Reactions;
pub(crate) use routes::{ReactFn, WakeFn};
pub use status::ReactorStatus;
pub use store::{KeptAnswer, ReactionStore};
pub use targets::Targets;
pub use timer::Timer;

use crate::BoxError;
use crate::event::Recorded;
use crate::journal::Journal;
use crate::projection::BoxFuture;
use crate::snapshot::SnapshotStore;

/// What reacting gives: nothing, or why it failed.
pub type Reacted = Result<(), BoxError>;

/// Events in, commands out: a policy, or what drives a process.
///
/// Implemented by `#[derive(Reaction)]`, which dispatches each event to its [`React`].
///
/// The value may hold settings and clients of other services. It holds nothing that follows from events: what a process
/// has to remember is in the events of an aggregate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reaction",
    label = "not a reaction",
    note = "write `#[derive(Reaction)]` on it"
)]
pub trait Reaction: Send + Sync + Sized + 'static {
    /// The name of the reaction: its checkpoint is kept under it, and the ids of its commands are made of it, so it
    /// stays as it is.
    const NAME: &'static str;
    /// What its checkpoint is kept under: no projection has such a name.
    #[doc(hidden)]
    const CHECKPOINT: &'static str;

    /// The events that it reacts to, and where each goes.
    #[doc(hidden)]
    fn reactions() -> Reactions<Self>;

    /// The aggregates that it sends commands to.
    #[doc(hidden)]
    fn targets<J: Journal + SnapshotStore + Clone>(journal: &J, targets: &Targets);
}

/// Reacts to the events of type `E`.
///
/// ```ignore
/// impl React<Increased> for Bonus {
///     async fn react(&self, recorded: &Recorded<Increased>, commands: &mut Commands<Self>) -> Reacted {
///         if recorded.event.by >= 100 {
///             commands.send(recorded.stream.id(), AddPoints { points: 1 }).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not react to event `{E}`",
    label = "listed in `events(..)`, but nothing is done about it",
    note = "write `impl React<{E}> for {Self}`, or take it out of `events(..)`"
)]
pub trait React<E: ReactedBy<Self>>: Reaction {
    /// Does what the event leads to.
    ///
    /// It may be called again for the same event, when the program ended before that was noted. A command that it sends
    /// then as it did before changes nothing, and is answered as before. So what it sends follows from the event and from
    /// the answers alone: not from the time, from chance, or from what may have changed since.
    ///
    /// An error, or a panic, has the event tried again.
    fn react(&self, recorded: &Recorded<E>, commands: &mut Commands<Self>) -> impl Future<Output = Reacted> + Send;

    /// Does what is to be done when a timer that was set for the event is due: see [`Commands::after`].
    ///
    /// A reaction that sets no timers leaves it as it is.
    fn wake(
        &self,
        recorded: &Recorded<E>,
        timer: &Timer,
        _commands: &mut Commands<Self>,
    ) -> impl Future<Output = Reacted> + Send {
        let error = format!(
            "nothing says what to do when timer `{}` of `{}` is due; write `wake` beside the `react` that sets it",
            timer.name, recorded.stream
        );
        std::future::ready(Err(error.into()))
    }

    /// [`react`](Self::react), for generated code.
    #[doc(hidden)]
    fn boxed<'a>(&'a self, recorded: Recorded<E>, commands: &'a mut Commands<Self>) -> BoxFuture<'a, Reacted> {
        Box::pin(async move { self.react(&recorded, commands).await })
    }

    /// [`wake`](Self::wake), for generated code.
    #[doc(hidden)]
    fn boxed_wake<'a>(
        &'a self,
        recorded: Recorded<E>,
        timer: &'a Timer,
        commands: &'a mut Commands<Self>,
    ) -> BoxFuture<'a, Reacted> {
        Box::pin(async move { self.wake(&recorded, timer, commands).await })
    }
}

/// Says that `Self` is an event listed in `events(..)` of the reaction `R`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of the reaction `{R}`",
    label = "not listed in `events(..)`",
    note = "add it to `events(..)` in `#[reaction(..)]` of `{R}`"
)]
pub trait ReactedBy<R>: Send + Sync + Sized + 'static {}

/// Says that `Self` is an aggregate listed in `sends_to(..)` of the reaction `R`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "the reaction `{R}` does not send commands to `{Self}`",
    label = "not listed in `sends_to(..)`",
    note = "add it to `sends_to(..)` in `#[reaction(..)]` of `{R}`"
)]
pub trait SentBy<R> {}
