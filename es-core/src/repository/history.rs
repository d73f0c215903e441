//! `History`: who did what when.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use super::current::Decoder;
use super::patience::Tries;
use super::{LoadError, Repository};
use crate::aggregate::Aggregate;
use crate::event::{Recorded, StreamId, StreamIdError};
use crate::journal::{Journal, PageSize};
use crate::snapshot::SnapshotStore;

/// The events of an aggregate: made by [`Repository::history`], read when it is awaited.
///
/// Awaited, it gives all events at once; where there may be very many, [`pages`](Self::pages) gives them in parts.
/// A retired event shows as the current events that stand for it, with their [`index`](Recorded::index).
#[must_use = "a history is read when it is awaited"]
pub struct History<A: Aggregate, S> {
    repository: Repository<A, S>,
    stream: Result<StreamId, StreamIdError>,
    from: u64,
    to: u64,
}

impl<A: Aggregate, S: Journal + SnapshotStore> History<A, S> {
    pub(super) fn new(repository: Repository<A, S>, stream: Result<StreamId, StreamIdError>) -> Self {
        Self { repository, stream, from: 1, to: u64::MAX }
    }

    /// Begins with the event `version`.
    pub fn from_version(self, version: u64) -> Self {
        Self { from: version, ..self }
    }

    /// Ends with the event `version`.
    pub fn to_version(self, version: u64) -> Self {
        Self { to: version, ..self }
    }

    /// Reads the history in parts, so that one of any length fits in memory.
    pub fn pages(self) -> HistoryPages<A, S> {
        HistoryPages { history: self, size: PageSize::default(), done: false }
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> IntoFuture for History<A, S> {
    type Output = Result<Vec<Recorded<A::Event>>, LoadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut pages = self.pages();
            let mut all = Vec::new();
            while let Some(page) = pages.next().await? {
                all.extend(page);
            }
            Ok(all)
        })
    }
}

/// Gives a [`History`] in parts.
pub struct HistoryPages<A: Aggregate, S> {
    history: History<A, S>,
    size: PageSize,
    done: bool,
}

impl<A: Aggregate, S: Journal + SnapshotStore> HistoryPages<A, S> {
    /// Reads at most so much at once; what [`PageSize::default`] says unless this is called.
    #[must_use]
    pub fn size(mut self, size: PageSize) -> Self {
        self.size = PageSize { events: size.events.max(1), ..size };
        self
    }

    /// The next events; `None` when there are no more.
    ///
    /// # Errors
    ///
    /// A [`LoadError`]; calling this again tries the same part again.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded<A::Event>>>, LoadError> {
        let History { repository, stream, from, to } = &mut self.history;
        let stream = stream.as_ref().map_err(Clone::clone)?;
        if self.done || *from > *to {
            return Ok(None);
        }
        let mut tries = Tries::new(&repository.inner.patience);
        let page = loop {
            match repository.inner.store.read_stream(stream, *from..=*to, self.size).await {
                Err(error) if tries.wait_after(&error).await => {}
                page => break page?,
            }
        };
        let Some(last) = page.last().map(|raw| raw.version) else {
            self.done = true;
            return Ok(None);
        };
        let mut events = Vec::with_capacity(page.len());
        let mut decoder = Decoder::new();
        for raw in &page {
            for (event, index) in decoder.decode::<A>(&raw)?.into_iter().zip(0..) {
                events.push(Recorded {
                    event,
                    id: raw.id,
                    stream: raw.stream.clone(),
                    version: raw.version,
                    position: raw.position,
                    recorded_at: raw.recorded_at,
                    metadata: raw.metadata.clone(),
                    index,
                });
            }
        }
        *from = last + 1;
        self.done = !page.more();
        Ok(Some(events))
    }
}
