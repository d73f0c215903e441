//! Inline views: what each append changes beside the journal, in its own transaction.

use es_core::{
    Append, AppendError, Appended, BoxError, InlineView, LastEvent, Page, PageSize, Payload, Position, RawEvent,
    StreamId,
};

use tokio::sync::oneshot;

use super::Writer;
use super::transact::{Transacted, Transaction};
use crate::place::Failure;
use crate::projection::{SqliteTx, ended};
use crate::reader;

/// The views that change along with appends.
#[derive(Default)]
pub(super) struct Views(Vec<View>);

struct View {
    inline: Box<dyn InlineView<SqliteTx>>,
    /// The last event that it has seen in this transaction.
    last: Option<LastEvent>,
    /// The last event of the append under way.
    tried: Option<LastEvent>,
    /// Why it is not up to date, so that it takes no events.
    behind: Option<String>,
}

/// Makes a job that adds a view and brings it up to date, and the place where its result arrives.
pub(crate) fn add_view(view: Box<dyn InlineView<SqliteTx>>) -> (Transaction, oneshot::Receiver<Transacted<()>>) {
    let (answer, answered) = oneshot::channel();
    let job = move |writer: &mut Writer| {
        let name = view.name();
        writer.views.add(view);
        let result = writer.catch_up_views();
        if result.is_err() {
            writer.views.remove(name);
        }
        // Nobody may wait for the answer any more.
        let _ = answer.send(result);
    };
    (Box::new(job), answered)
}

impl Views {
    fn add(&mut self, inline: Box<dyn InlineView<SqliteTx>>) {
        self.remove(inline.name());
        self.0.push(View { inline, last: None, tried: None, behind: None });
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|view| view.inline.name() != name);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what is known of their checkpoints.
    pub(super) fn forget(&mut self) {
        self.0.iter_mut().for_each(|view| view.inline.forget());
    }

    /// Has each view see what others have appended, up to `head`. Where `apart`, one that fails is left behind, and
    /// takes no events in this transaction.
    pub(super) fn begin(&mut self, tx: &mut SqliteTx, head: Position, apart: bool) -> Result<(), Failure> {
        for view in &mut self.0 {
            (view.last, view.tried, view.behind) = (None, None, None);
            let Err(error) = view.catch_up(tx, head, apart) else { continue };
            if !apart || tx.is_autocommit() {
                return Err(view.error(None, &error));
            }
            view.behind = Some(error.to_string());
        }
        Ok(())
    }

    /// Shows events that have been written to each view that wants them.
    pub(super) fn show<'a>(
        &mut self,
        tx: &mut SqliteTx,
        written: impl Iterator<Item = RawEvent<'a>>,
    ) -> Result<(), Failure> {
        for raw in written {
            for view in &mut self.0 {
                if view.inline.filter().lets_through_event(raw.stream, raw.name) {
                    view.show(tx, &raw).map_err(|error| view.error(Some(raw.stream), &error))?;
                }
            }
        }
        Ok(())
    }

    /// Ends an append, which is to be kept or not.
    pub(super) fn shown(&mut self, kept: bool) {
        for view in &mut self.0 {
            let tried = view.tried.take();
            if kept && tried.is_some() {
                view.last = tried;
            }
        }
    }

    /// Saves how far the views are.
    pub(super) fn end(&mut self, tx: &mut SqliteTx, head: Position) -> Result<(), Failure> {
        for view in self.0.iter_mut().filter(|view| view.behind.is_none()) {
            let last = view.last.take();
            view.inline.end(head, last, tx).map_err(|error| view.error(None, &error))?;
        }
        Ok(())
    }
}

impl View {
    fn error(&self, stream: Option<&StreamId>, error: &BoxError) -> Failure {
        Failure::View { view: self.inline.name(), stream: stream.cloned(), what: error.to_string() }
    }

    fn show(&mut self, tx: &mut SqliteTx, raw: &RawEvent<'_>) -> Result<(), BoxError> {
        if let Some(behind) = &self.behind {
            return Err(format!("it is not up to date: {behind}").into());
        }
        tx.guard().set(true);
        let shown = self.inline.project(raw, tx);
        tx.guard().set(false);
        if tx.is_autocommit() {
            return Err(ended().into());
        }
        self.tried = Some(LastEvent { stream: raw.stream.clone(), version: raw.version, id: raw.id });
        shown
    }

    fn catch_up(&mut self, tx: &mut SqliteTx, head: Position, apart: bool) -> Result<(), BoxError> {
        let mut after = self.inline.begin(tx)?;
        if after >= head {
            return Ok(());
        }
        if apart {
            tx.execute_batch("SAVEPOINT es_view")?;
        }
        let result = loop {
            match self.see(tx, after) {
                Ok(page) if page.more() => after = page.next(),
                Ok(_) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if apart && !tx.is_autocommit() {
            tx.execute_batch(if result.is_ok() { "RELEASE es_view" } else { "ROLLBACK TO es_view; RELEASE es_view" })?;
        }
        self.last = self.tried.take().filter(|_| result.is_ok());
        result
    }

    fn see(&mut self, tx: &mut SqliteTx, after: Position) -> Result<Page, BoxError> {
        let page = reader::read_all(&mut tx.reader, after, self.inline.filter(), PageSize::default());
        let page = page.map_err(|failure| tx.error("read the journal", failure))?;
        for raw in &page {
            self.show(tx, &raw)?;
        }
        Ok(page)
    }
}

/// The events of an append, as they are in the journal now.
pub(super) fn appended_events<'a>(append: &'a Append, appended: &'a Appended) -> impl Iterator<Item = RawEvent<'a>> {
    append.streams.iter().zip(&appended.streams).flat_map(move |(part, place)| {
        let count = part.events.len() as u64;
        let last_version = place.versions.as_ref().map_or(0, |versions| *versions.end());
        part.events.iter().zip((0..count).rev()).map(move |(event, to_come)| RawEvent {
            id: event.id,
            stream: &part.stream,
            version: last_version.saturating_sub(to_come),
            position: Position::new(place.position.number.saturating_sub(to_come)),
            recorded_at: appended.recorded_at,
            name: &event.name,
            event_version: event.version,
            payload: Payload { format: &event.format, bytes: &event.payload },
            metadata: &event.metadata,
        })
    })
}

/// What a view that failed is to the caller of an append to `streams`.
pub(super) fn view_error(view: &'static str, stream: StreamId, what: String) -> AppendError {
    AppendError::View { view: view.to_owned(), stream, source: what.into() }
}
