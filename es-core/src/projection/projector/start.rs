//! How a projector begins: it takes the projection, and looks where its read model is.

use std::sync::Arc;
use std::time::Duration;

use super::batch::{LeaseOf, ParkedStreams};
use super::handle::Core;
use super::run::{Goal, Trouble};
use super::step::Session;
use super::{First, Partition, Projector, ProjectorError, ProjectorState};
use crate::BoxError;
use crate::event::Position;
use crate::journal::{Journal, JournalId, PageSize};
use crate::projection::futures::caught;
use crate::projection::{Checkpoint, Ended, Projection, ReadStore, ReadStoreError, TxOf, Work};

/// How often it is looked whether another projector has ended, and how far it is.
const LOOK: Duration = Duration::from_millis(100);
/// How many parked events are read at once.
pub(super) const PARKED: usize = 256;

/// Where a read model is, made where there was none.
struct Start<P: Projection> {
    core: Arc<Core<P>>,
    lease: Arc<LeaseOf<P>>,
    journal: JournalId,
    /// Where it begins that has no checkpoint yet.
    first: Position,
    rebuild: bool,
    /// Whether it may be made here: parts are made together.
    may_make: bool,
}

enum Started {
    Found(Checkpoint, ParkedStreams),
    Made(Checkpoint),
    /// The projection could not make its read model.
    Failed(BoxError),
    Store(ReadStoreError),
}

impl From<Result<Started, ReadStoreError>> for Started {
    fn from(result: Result<Started, ReadStoreError>) -> Self {
        result.unwrap_or_else(Started::Store)
    }
}

impl<P: Projection> Start<P> {
    fn into_work(self) -> Work<TxOf<P>, Started> {
        Box::new(move |tx| {
            Box::pin(async move {
                match Started::from(self.run(tx).await) {
                    made @ Started::Made(_) => Ended::Commit(made),
                    other => Ended::RollBack(other),
                }
            })
        })
    }

    async fn run(&self, tx: &mut TxOf<P>) -> Result<Started, ReadStoreError> {
        let stored = P::Store::load(&self.lease, tx).await?;
        if let Some(stored) = &stored
            && stored.version == P::VERSION
            && !self.rebuild
        {
            let parked = parked_streams::<P>(&self.lease, tx).await?;
            if let Some(reacting) = self.core.model.write().await.reacting() {
                reacting.take_up(&self.lease, tx, false).await?;
            }
            return Ok(Started::Found(stored.clone(), parked));
        }
        if !self.may_make {
            // Others have made the parts anew since.
            return Err(ReadStoreError::TakenOver { projection: P::NAME.to_owned() });
        }
        let mut model = self.core.model.write().await;
        let making = caught(async {
            if stored.is_some() || self.rebuild {
                model.reset_model(tx).await?;
            }
            model.create_model(tx).await
        });
        if let Err(error) = making.await {
            P::Store::check(tx).await?;
            return Ok(Started::Failed(error));
        }
        if let Some(reacting) = model.reacting() {
            reacting.take_up(&self.lease, tx, true).await?;
        }
        let everything = Position::START..=Position { epoch: u64::MAX, number: u64::MAX };
        match P::Store::unpark(&self.lease, tx, everything).await {
            Err(error @ ReadStoreError::Ended) => return Ok(Started::Failed(error.into())),
            unparked => unparked?,
        }
        let made = Checkpoint { version: P::VERSION, journal: self.journal, position: self.first, last: None };
        P::Store::save(&self.lease, tx, &made).await?;
        Ok(Started::Made(made))
    }
}

/// The streams that have parked events.
pub(super) async fn parked_streams<P: Projection>(
    lease: &LeaseOf<P>,
    tx: &mut TxOf<P>,
) -> Result<ParkedStreams, ReadStoreError> {
    let mut streams = ParkedStreams::new();
    let mut after = Position::START;
    loop {
        let events = P::Store::parked(lease, tx, after, PARKED).await?;
        let Some(last) = events.last() else { return Ok(streams) };
        after = last.position;
        for event in events {
            streams.entry(event.stream).or_insert(event.position);
        }
    }
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Takes the projection and finds out where to go on; `None` while another projector has it.
    pub(super) async fn begin(&mut self, goal: &mut Goal) -> Result<Option<Session>, Trouble> {
        let Some(lease) = self.take_lease(*goal).await? else { return Ok(None) };
        let head = self.journal.head().await?;
        if let Goal::Head(target @ None) = goal {
            *target = Some(head);
        }
        // That of a part was done for all parts, when they were taken.
        let rebuild = (!self.rebuilds.is_empty() || self.broken_off) && self.partition == Partition::WHOLE;
        let (core, journal) = (Arc::clone(&self.core), self.journal.id());
        let first = self.first_position().await?;
        let start = Start::<P> { core, lease, journal, first, rebuild, may_make: self.partition == Partition::WHOLE };
        self.broken_off = self.is_in_place();
        let started = self.store.transact(start.into_work()).await;
        self.broken_off = false;
        let (saved, parked) = match started? {
            Started::Made(checkpoint) => {
                self.emptied_at = Position::START;
                (checkpoint, ParkedStreams::new())
            }
            Started::Found(checkpoint, parked) => {
                self.check(&checkpoint, head).await?;
                (checkpoint, parked)
            }
            Started::Failed(source) => {
                return Err(ProjectorError::Model { projection: P::NAME, source: source.into() }.into());
            }
            Started::Store(error) => return Err(error.into()),
        };
        self.core.status.send_modify(|status| {
            status.state = ProjectorState::CatchingUp;
            status.head = head;
            status.last_error = None;
            status.parked_streams = parked.len();
            status.reach(saved.position, None);
        });
        for answer in self.rebuilds.drain(..) {
            // Nobody may wait for the answer any more.
            let _ = answer.send(Ok(head));
        }
        Ok(Some(Session::new(saved, parked)))
    }

    /// Where a read model begins that has no checkpoint yet.
    pub(super) async fn first_position(&self) -> Result<Position, Trouble> {
        // A reaction starts over where it was told to; what is published is published anew from the start.
        if self.first == First::Head && (self.reacts || self.rebuilds.is_empty()) {
            return Ok(self.journal.head().await?);
        }
        Ok(Position::START)
    }

    async fn take_lease(&mut self, goal: Goal) -> Result<Option<Arc<LeaseOf<P>>>, Trouble> {
        if !self.rebuilds.is_empty() && self.partition != Partition::WHOLE {
            // All parts are built anew together.
            self.lease = None;
        }
        if self.lease.is_none() {
            // On the heap: it is seldom done, and much.
            self.lease = Box::pin(self.take_part()).await?;
        }
        if self.lease.is_none() {
            if goal != Goal::Follow {
                return Err(ProjectorError::Held { projection: P::NAME }.into());
            }
            self.state(ProjectorState::Waiting);
            self.look().await;
            self.rest(LOOK).await;
        }
        Ok(self.lease.clone())
    }

    /// Notes how far the projector is that has the projection: the read model is the same.
    async fn look(&self) {
        // What cannot be found out now is looked for again soon.
        let (Ok(head), Ok(Some(seen))) =
            (self.journal.head().await, self.store.look(&self.partition.name(P::NAME)).await)
        else {
            return;
        };
        let is_ours = seen.version == P::VERSION && seen.journal == self.journal.id();
        let position = if is_ours { seen.position } else { Position::START };
        self.core.status.send_if_modified(|status| {
            let before = (status.position, status.head);
            status.reach(position, None);
            status.head = status.head.max(head);
            before != (status.position, status.head)
        });
    }

    /// Checks that the journal has what the read model shows.
    pub(super) async fn check(&self, saved: &Checkpoint, head: Position) -> Result<(), Trouble> {
        if saved.journal != self.journal.id() {
            return Err(ProjectorError::OtherJournal { projection: P::NAME }.into());
        }
        let mut is_there = saved.position <= head;
        if let Some(last) = saved.last.as_ref().filter(|_| is_there) {
            let page = self.journal.read_stream(&last.stream, last.version..=last.version, PageSize::events(1)).await?;
            is_there = page.last().is_some_and(|raw| raw.id == last.id);
        }
        if is_there {
            Ok(())
        } else {
            Err(ProjectorError::Restored { projection: P::NAME, position: saved.position }.into())
        }
    }
}
