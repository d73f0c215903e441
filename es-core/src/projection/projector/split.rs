//! How a projector takes its part of a projection, and how the parts are made others.
//!
//! A projection is split anew by one projector that has the leases of all parts, old and new, so that nobody advances any
//! of them meanwhile: it brings each old part up to the one that is furthest, and then, in one transaction, notes that
//! position for each new part.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::batch::{LeaseOf, ParkedStreams};
use super::handle::{Command, Core};
use super::run::{Goal, Trouble};
use super::start::{PARKED, parked_streams};
use super::step::Session;
use super::{Partition, Projector, ProjectorError};
use crate::BoxError;
use crate::event::Position;
use crate::journal::Journal;
use crate::projection::futures::caught;
use crate::projection::{Checkpoint, Ended, Projection, ReadStore, ReadStoreError, TxOf, Work};

/// Where a part is: its checkpoint, and the streams that wait behind a parked event.
type Place = (Option<Checkpoint>, ParkedStreams);

/// The leases of all parts, as they are and as they are to be.
struct Parts<P: Projection> {
    whole: Arc<LeaseOf<P>>,
    old: Vec<(Partition, Arc<LeaseOf<P>>)>,
    new: Vec<(Partition, Arc<LeaseOf<P>>)>,
}

impl<P: Projection> Clone for Parts<P> {
    fn clone(&self) -> Self {
        Self { whole: Arc::clone(&self.whole), old: self.old.clone(), new: self.new.clone() }
    }
}

/// Why parts were not made others.
enum Unmade {
    Model(BoxError),
    Store(ReadStoreError),
}

impl From<ReadStoreError> for Unmade {
    fn from(error: ReadStoreError) -> Self {
        Self::Store(error)
    }
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Takes this projector's part of the projection; `None` while others are in the way.
    pub(super) async fn take_part(&mut self) -> Result<Option<Arc<LeaseOf<P>>>, Trouble> {
        // The whole first: of projectors that begin at the same time, one has a chance to take all parts.
        let Some(whole) = self.lease_of(Partition::WHOLE).await? else { return Ok(None) };
        let own = if self.partition == Partition::WHOLE {
            Some(Arc::clone(&whole))
        } else {
            self.lease_of(self.partition).await?
        };
        let Some(own) = own else { return Ok(None) };
        let (asking, asked) = (Arc::clone(&whole), Arc::clone(&own));
        let ask: Work<TxOf<P>, Result<_, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                let result = async {
                    let parts = P::Store::parts(&asking, tx).await?;
                    Ok((parts, P::Store::load(&asked, tx).await?))
                };
                Ended::RollBack(result.await)
            })
        });
        let (parts, stored) = self.store.transact(ask).await??;
        let rebuild = !self.rebuilds.is_empty();
        if parts == self.partition.of() {
            let of_today = stored.is_some_and(|stored| stored.version == P::VERSION) && !rebuild;
            if self.partition == Partition::WHOLE || of_today {
                return Ok(Some(own));
            }
        }
        let Some(parts) = self.all_parts(parts, whole, own).await? else { return Ok(None) };
        let own = parts.new.iter().find(|(part, _)| *part == self.partition).map(|(_, lease)| Arc::clone(lease));
        Ok(if self.make_parts(parts, rebuild).await? { own } else { None })
    }

    async fn lease_of(&self, partition: Partition) -> Result<Option<Arc<LeaseOf<P>>>, Trouble> {
        Ok(self.store.lease(&partition.name(P::NAME)).await?.map(Arc::new))
    }

    /// Takes the leases of all parts that there are, and of all that there are to be.
    async fn all_parts(
        &self,
        parts: u16,
        whole: Arc<LeaseOf<P>>,
        own: Arc<LeaseOf<P>>,
    ) -> Result<Option<Parts<P>>, Trouble> {
        let mut leases = BTreeMap::new();
        leases.insert(Partition::WHOLE.name(P::NAME), Arc::clone(&whole));
        leases.insert(self.partition.name(P::NAME), own);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for (of, list) in [(parts, &mut old), (self.partition.of(), &mut new)] {
            for part in Partition::all(of) {
                let name = part.name(P::NAME);
                let lease = match leases.get(&name) {
                    Some(lease) => Arc::clone(lease),
                    None => match self.lease_of(part).await? {
                        Some(lease) => lease,
                        None => return Ok(None),
                    },
                };
                leases.insert(name, Arc::clone(&lease));
                list.push((part, lease));
            }
        }
        Ok(Some(Parts { whole, old, new }))
    }

    /// Makes the old parts the new ones; gives whether that was done.
    async fn make_parts(&mut self, parts: Parts<P>, rebuild: bool) -> Result<bool, Trouble> {
        let places = self.places(&parts).await?;
        let is_made = places.iter().all(|(stored, _)| stored.as_ref().is_some_and(|one| one.version == P::VERSION));
        let furthest = places.iter().filter_map(|(stored, _)| stored.clone()).max_by_key(|stored| stored.position);
        let Some(furthest) = furthest.filter(|_| is_made && !rebuild) else {
            let anything = rebuild || places.iter().any(|(stored, _)| stored.is_some());
            let first = self.first_position().await?;
            let made = Checkpoint { version: P::VERSION, journal: self.journal.id(), position: first, last: None };
            return self.make_anew(parts, made, anything).await;
        };
        let head = self.journal.head().await?;
        for stored in places.iter().filter_map(|(stored, _)| stored.as_ref()) {
            self.check(stored, head).await?;
        }
        let caught_up = self.catch_up(&parts, places, furthest.position).await;
        self.leave_old_part();
        if !caught_up? {
            return Ok(false);
        }
        self.move_checkpoints(parts, furthest).await
    }

    /// Where the old parts are.
    async fn places(&self, parts: &Parts<P>) -> Result<Vec<Place>, Trouble> {
        let old = parts.old.clone();
        let work: Work<TxOf<P>, Result<_, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                let result = async {
                    let mut places = Vec::new();
                    for (_, lease) in &old {
                        let stored = P::Store::load(lease, tx).await?;
                        places.push((stored, parked_streams::<P>(lease, tx).await?));
                    }
                    Ok(places)
                };
                Ended::RollBack(result.await)
            })
        });
        Ok(self.store.transact(work).await??)
    }

    /// Brings each old part up to `until`; gives whether all are there.
    async fn catch_up(&mut self, parts: &Parts<P>, places: Vec<Place>, until: Position) -> Result<bool, Trouble> {
        self.until = Some(until);
        for ((part, lease), (stored, parked)) in parts.old.iter().zip(places) {
            let Some(stored) = stored else { return Ok(false) };
            self.lease = Some(Arc::clone(lease));
            self.filter = self.routes.filter().of_slices(part.slices());
            let mut session = Some(Session::new(stored, parked));
            while session.as_ref().is_some_and(|session| session.position() < until) {
                while let Ok(command) = self.commands.try_recv() {
                    self.pending.push_back(command);
                }
                if self.pending.iter().any(|command| matches!(command, Command::Stop)) {
                    return Ok(false);
                }
                self.advance(&mut session, Goal::Follow).await?;
                tokio::task::yield_now().await;
            }
            let Some(mut session) = session else { return Ok(false) };
            self.save_position(&mut session).await?;
            if session.saved().position != until {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on with its own part, or begins again: also where a run was dropped that was bringing up an old part.
    pub(super) fn leave_old_part(&mut self) {
        if self.until.take().is_some() {
            self.lease = None;
            self.filter = self.routes.filter().of_slices(self.partition.slices());
        }
    }

    /// Makes an empty read model, of which each part is at the start.
    async fn make_anew(&self, parts: Parts<P>, made: Checkpoint, anything: bool) -> Result<bool, Trouble> {
        let core = Arc::clone(&self.core);
        let work: Work<TxOf<P>, Result<(), Unmade>> =
            Box::new(move |tx| Box::pin(async move { empty_model(&core, &parts, &made, anything, tx).await.into() }));
        match self.store.transact(work).await? {
            Ok(()) => Ok(true),
            Err(Unmade::Store(error)) => Err(error.into()),
            Err(Unmade::Model(source)) => {
                Err(ProjectorError::Model { projection: P::NAME, source: source.into() }.into())
            }
        }
    }

    /// Notes one position for all new parts, and gives them what the old ones had parked.
    async fn move_checkpoints(&self, parts: Parts<P>, furthest: Checkpoint) -> Result<bool, Trouble> {
        let work: Work<TxOf<P>, Result<bool, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                match moved(&parts, &furthest, tx).await {
                    Ok(true) => Ended::Commit(Ok(true)),
                    other => Ended::RollBack(other),
                }
            })
        });
        Ok(self.store.transact(work).await??)
    }
}

async fn empty_model<P: Projection>(
    core: &Core<P>,
    parts: &Parts<P>,
    made: &Checkpoint,
    anything: bool,
    tx: &mut TxOf<P>,
) -> Result<(), Unmade> {
    let mut model = core.model.write().await;
    let making = caught(async {
        if anything {
            model.reset_model(tx).await?;
        }
        model.create_model(tx).await
    });
    if let Err(error) = making.await {
        P::Store::check(tx).await?;
        return Err(Unmade::Model(error));
    }
    let everything = Position::START..=Position { epoch: u64::MAX, number: u64::MAX };
    for (_, lease) in &parts.old {
        match P::Store::unpark(lease, tx, everything.clone()).await {
            Err(error @ ReadStoreError::Ended) => return Err(Unmade::Model(error.into())),
            unparked => unparked?,
        }
    }
    for (_, lease) in &parts.new {
        P::Store::save(lease, tx, made).await?;
    }
    Ok(P::Store::split(&parts.whole, tx, of(&parts.new)).await?)
}

async fn moved<P: Projection>(
    parts: &Parts<P>,
    furthest: &Checkpoint,
    tx: &mut TxOf<P>,
) -> Result<bool, ReadStoreError> {
    for (_, lease) in &parts.old {
        let stored = P::Store::load(lease, tx).await?;
        if stored.is_none_or(|stored| stored.position != furthest.position) {
            return Ok(false);
        }
    }
    for (_, lease) in &parts.new {
        // What it has from an earlier time is of no use.
        P::Store::save(lease, tx, furthest).await?;
    }
    for (_, old) in &parts.old {
        let mut after = Position::START;
        loop {
            let events = P::Store::parked(old, tx, after, PARKED).await?;
            let Some(last) = events.last() else { break };
            after = last.position;
            for event in events {
                let slice = event.stream.slice();
                let to = parts.new.iter().find(|(part, _)| part.slices().contains(slice));
                let Some((_, new)) = to else { continue };
                P::Store::park(new, tx, &event).await?;
                P::Store::unpark(old, tx, event.position..=event.position).await?;
            }
        }
    }
    P::Store::split(&parts.whole, tx, of(&parts.new)).await?;
    Ok(true)
}

fn of<L>(parts: &[(Partition, L)]) -> u16 {
    parts.first().map_or(1, |(part, _)| part.of())
}
