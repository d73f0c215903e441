//! Comparing two journals event by event.

use super::cursor::{Cursor, Places};
use super::progress::CopyStep;
use super::value::same_payload;
use super::{CopyError, JournalCopy, Stores};
use crate::event::Position;
use crate::join::join;
use crate::journal::{Journal, RawEvent};

impl<S: Journal, D: Journal> JournalCopy<'_, S, D> {
    /// Compares what follows in the two journals, up to the end of the destination.
    pub(super) async fn compare(&mut self, step: CopyStep, from: Places, head: Position) -> Result<Places, CopyError> {
        let mut places = from;
        let mut source = Cursor::new(self.stores.source, from.source, self.stores.size);
        let mut destination = Cursor::new(self.stores.destination, from.destination, self.stores.size);
        loop {
            let (read, read_there) = join(source.fill(), destination.fill()).await;
            read.map_err(CopyError::Source)?;
            read_there.map_err(CopyError::Destination)?;
            let before = places.events;
            while let Some(there) = destination.event() {
                let Some(here) = source.event() else { break };
                same_event(&here, &there)?;
                places.source = here.position;
                places.destination = there.position;
                places.events += 1;
                source.pass();
                destination.pass();
            }
            if places.events > before {
                self.reporter.report(step, places.events, places.source, head);
                continue;
            }
            // Neither went on, so one of the two has ended.
            return match destination.event() {
                Some(there) => Err(other(&there, None)),
                None => Ok(places),
            };
        }
    }
}

impl<S: Journal, D: Journal> Stores<'_, S, D> {
    /// Checks that nothing of the source, up to its position `end`, is missing behind `places`.
    pub(super) async fn check_all_there(&self, places: Places, end: Position) -> Result<(), CopyError> {
        if places.source >= end {
            return Ok(());
        }
        let mut rest = Cursor::new(self.source, places.source, self.size);
        rest.fill().await.map_err(CopyError::Source)?;
        match rest.event() {
            Some(event) => {
                Err(CopyError::Missing { stream: event.stream.clone(), version: event.version, what: "an event" })
            }
            None => Ok(()),
        }
    }
}

fn other(there: &RawEvent<'_>, instead: Option<&RawEvent<'_>>) -> CopyError {
    CopyError::OtherEvents {
        position: there.position,
        stream: there.stream.clone(),
        version: there.version,
        id: there.id,
        instead: instead.map(|here| (here.stream.clone(), here.version)),
    }
}

fn same_event(here: &RawEvent<'_>, there: &RawEvent<'_>) -> Result<(), CopyError> {
    if here.id != there.id || here.stream != there.stream || here.version != there.version {
        return Err(other(there, Some(here)));
    }
    let what = if here.recorded_at != there.recorded_at {
        "time"
    } else if here.name != there.name || here.event_version != there.event_version {
        "name or the version of its shape"
    } else if here.metadata != there.metadata {
        "metadata"
    } else if here.payload.format != there.payload.format {
        "payload format"
    } else if !same_payload(here.payload, there.payload) {
        "payload"
    } else {
        return Ok(());
    };
    Err(CopyError::Differs { stream: here.stream.clone(), version: here.version, what })
}
