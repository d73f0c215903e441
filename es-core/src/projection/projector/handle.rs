//! `ProjectorHandle`: what a program asks of a projector that runs.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::{RwLock, RwLockReadGuard, mpsc, oneshot, watch};

use super::{ProjectorError, ProjectorState, Status, StatusChanges};
use crate::event::{Clock, Position};
use crate::projection::{InMemory, Projection};

/// What a projector and its handles share.
pub(in crate::projection) struct Core<P> {
    pub(in crate::projection) model: RwLock<P>,
    pub(super) status: watch::Sender<Status>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a projector is asked to do.
pub(super) enum Command {
    Pause(oneshot::Sender<()>),
    Resume(oneshot::Sender<()>),
    Rebuild(Answer<Position>),
    ReplayParked(Answer<Replayed>),
    Stop,
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, ProjectorError>>;

/// What became of parked events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// How many events were projected.
    pub replayed: u64,
    /// How many are still parked, because one of their stream failed again.
    pub still_parked: u64,
}

/// A projector that runs, or is about to. Clones are handles on the same one.
///
/// The projector goes on when its handles are dropped; [`stop`](Self::stop) ends it.
pub struct ProjectorHandle<P: Projection> {
    pub(super) core: Arc<Core<P>>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

impl<P: Projection> Clone for ProjectorHandle<P> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), commands: self.commands.clone() }
    }
}

impl<P: Projection> fmt::Debug for ProjectorHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectorHandle").field("status", &*self.core.status.borrow()).finish_non_exhaustive()
    }
}

impl<P: Projection> ProjectorHandle<P> {
    /// How far the projector is, and what it is doing.
    pub fn status(&self) -> Status {
        self.core.status.borrow().clone().at(self.core.clock.now())
    }

    /// Gives each change of the status from now on.
    pub fn changes(&self) -> StatusChanges {
        StatusChanges { status: self.core.status.subscribe(), clock: Arc::clone(&self.core.clock) }
    }

    /// Waits until the read model shows all events up to `position`: that of an outcome, to read one's own write.
    ///
    /// A projector that is paused, or waits for another one to end, is waited for.
    ///
    /// # Errors
    ///
    /// The error that the projector failed with, or [`ProjectorError::Stopped`]: the read model will not come that far
    /// by itself.
    pub async fn wait_for(&self, position: Position) -> Result<(), ProjectorError> {
        let mut status = self.core.status.subscribe();
        let over = |status: &Status| matches!(status.state, ProjectorState::Failed | ProjectorState::Stopped);
        let ended = status.wait_for(|status| status.position >= position || over(status)).await;
        let Ok(status) = ended else { return Err(stopped::<P>()) };
        if status.position >= position {
            return Ok(());
        }
        match &status.last_error {
            Some(error) if status.state == ProjectorState::Failed => Err(error.clone()),
            _ => Err(stopped::<P>()),
        }
    }

    /// Pauses the projector; the transaction in hand is finished before this returns. It keeps the projection, so that no
    /// other projector advances it meanwhile.
    ///
    /// # Errors
    ///
    /// [`ProjectorError::Stopped`] when the projector has ended.
    pub async fn pause(&self) -> Result<(), ProjectorError> {
        self.ask(Command::Pause).await
    }

    /// Has a projector that was paused, or that failed, go on.
    ///
    /// # Errors
    ///
    /// [`ProjectorError::Stopped`] when the projector has ended.
    pub async fn resume(&self) -> Result<(), ProjectorError> {
        self.ask(Command::Resume).await
    }

    /// Stops the projector: the transaction in hand is finished, and the projection is free for another projector,
    /// before this returns. The read model stays as it is.
    ///
    /// It has ended after this, whatever the answer is: `Ok` says that nothing was wrong, and the error what was. A program that
    /// ends may log it, and go on ending. Stopped again it answers the same.
    ///
    /// ```
    /// # use es_core::prelude::*;
    /// # #[derive(Command, Debug, Clone)]
    /// # struct Open;
    /// # #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    /// # struct Opened;
    /// # #[derive(Aggregate, Default, Clone)]
    /// # #[aggregate(commands(Open), events(Opened(ignored)), error = std::convert::Infallible)]
    /// # struct Account {}
    /// # impl Handle<Open> for Account {
    /// #     fn handle(&self, _: Open, _: &Context) -> Decision<Self> { accept(Opened) }
    /// # }
    /// #[derive(Projection, Default)]
    /// #[projection(name = "accounts", version = 1, in_memory, events(Opened))]
    /// struct Accounts(u64);
    ///
    /// impl Project<Opened> for Accounts {
    ///     async fn project(&mut self, _: &Recorded<Opened>, _: &mut ()) -> Projected {
    ///         if self.0 == 1 {
    ///             return Err("one account is enough".into());
    ///         }
    ///         self.0 += 1;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), BoxError> {
    /// # let store = MemoryStore::new();
    /// # let bank = Repository::<Account, _>::new(&store);
    /// let first = bank.execute("alice", Open).await?;
    /// let accounts = Projector::in_memory(&store, Accounts::default()).spawn();
    /// accounts.wait_for(first.position).await?;
    /// accounts.stop().await?; // nothing was wrong
    ///
    /// let second = bank.execute("bob", Open).await?;
    /// let once = Retry::NEVER;
    /// let accounts = Projector::in_memory(&store, Accounts::default()).retry(once).spawn();
    /// assert!(accounts.wait_for(second.position).await.is_err()); // it has failed, and waits to be resumed
    /// match accounts.stop().await {
    ///     Ok(()) => unreachable!("it was not resumed"),
    ///     Err(error @ ProjectorError::Event { .. }) => eprintln!("the view stopped short: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What was wrong with the projector when it was told to stop: the error that it had failed with, so that it waited to be
    /// [resumed](Self::resume); or the one that it was about to try again after. The read model shows all up to
    /// [`position`](Status::position) then, and the next projector goes on from there.
    pub async fn stop(&self) -> Result<(), ProjectorError> {
        let mut status = self.core.status.subscribe();
        if self.commands.send(Command::Stop).is_ok() {
            // The answer is that it has ended, however it did.
            let _ = status.wait_for(|status| status.state == ProjectorState::Stopped).await;
        }
        let error = status.borrow().last_error.clone();
        error.map_or(Ok(()), Err)
    }

    /// Throws the read model away and builds it anew from the journal; returns when it shows all that the journal has now.
    ///
    /// While another projector has the projection, this waits until that one has ended: ask the one whose state is not
    /// [`Waiting`](ProjectorState::Waiting).
    ///
    /// A projector that is paused or has failed goes on. Meanwhile the read model is there, but shows only a part. Dropping
    /// the future does not stop the rebuilding.
    ///
    /// # Errors
    ///
    /// The error that the projector fails with on its way, or [`ProjectorError::Stopped`].
    pub async fn rebuild(&self) -> Result<(), ProjectorError> {
        let head = self.ask_for(Command::Rebuild).await?;
        self.wait_for(head).await
    }

    /// Throws the checkpoint of a reaction away.
    pub(crate) async fn start_over(&self) -> Result<(), ProjectorError> {
        self.ask_for(Command::Rebuild).await.map(drop)
    }

    /// Projects the events that are parked, in their order. Where one fails again, it and what follows it in its stream
    /// stay parked; a view in memory is built anew then, before it goes on with the next stream.
    ///
    /// # Errors
    ///
    /// The error of the journal or the read store, or [`ProjectorError::Stopped`].
    pub async fn replay_parked(&self) -> Result<Replayed, ProjectorError> {
        self.ask_for(Command::ReplayParked).await
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) -> Result<(), ProjectorError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| stopped::<P>())?;
        answered.await.map_err(|_| stopped::<P>())
    }

    async fn ask_for<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, ProjectorError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| stopped::<P>())?;
        answered.await.map_err(|_| stopped::<P>())?
    }
}

impl<P: Projection<Store = InMemory>> ProjectorHandle<P> {
    /// The view as it is now. It does not change while this is held, so hold it briefly.
    pub async fn view(&self) -> View<'_, P> {
        View(self.core.model.read().await)
    }
}

/// A view in memory, for reading.
#[derive(Debug)]
pub struct View<'a, P>(RwLockReadGuard<'a, P>);

impl<P> Deref for View<'_, P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

pub(super) const fn stopped<P: Projection>() -> ProjectorError {
    ProjectorError::Stopped { projection: P::NAME }
}
