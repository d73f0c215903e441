//! Starting the threads of a store.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use es_core::BoxError;
use tokio::sync::{oneshot, watch};

use super::{Shared, SqliteStore};
use crate::builder::{Durability, SqliteStoreBuilder};
use crate::error::OpenError;
use crate::open::Opened;
use crate::reader::Readers;
use crate::watch::Head;
use crate::writer::{Writer, Writes};

/// Opens a database on the thread that will write to it, and starts the others.
pub(crate) async fn open(options: SqliteStoreBuilder, path: Option<&Path>) -> Result<SqliteStore, OpenError> {
    let shown = path.unwrap_or(Path::new(":memory:")).to_owned();
    let path = path.map(Path::to_owned);
    let (answer, answered) = oneshot::channel();
    let opening = move || match crate::open::open(&options, path.as_deref()).and_then(|opened| start(options, opened)) {
        Ok((store, write)) => {
            // Nobody may wait for the store any more. Then it is dropped here, and the writer ends at once.
            drop(answer.send(Ok(store)));
            write();
        }
        Err(error) => drop(answer.send(Err(error))),
    };
    spawn("es-sqlite-writer", opening).map_err(|error| cannot_start(&shown, error))?;
    answered.await.unwrap_or_else(|_| Err(cannot_start(&shown, "the writer ended before it began")))
}

/// Starts the threads that read. Gives the store, and what the calling thread has to do from now on.
fn start(options: SqliteStoreBuilder, opened: Opened) -> Result<(SqliteStore, impl FnOnce()), OpenError> {
    let Opened { id, head, place, writer, readers, watch } = opened;
    let shown = place.path().unwrap_or(Path::new(":memory:")).to_owned();
    let shared = Shared {
        id,
        place: place.clone(),
        clock: Arc::clone(&options.clock),
        writes: Arc::new(Writes::new(options.commits)),
        readers: (!readers.is_empty()).then(|| Arc::new(Readers::new(readers, options.commits))),
        watch: Arc::default(),
        head: watch::Sender::new(Head { position: head, closed: false }),
        leases: Arc::default(),
        writer: thread::current().id(),
        alive: watch::Sender::new(()),
    };
    // Dropped by each of the other threads when it has closed its connection.
    let (open, others) = mpsc::channel::<Infallible>();
    let is_durable = options.durability == Durability::Full && place.path().is_some();
    let writer =
        Writer::new(writer, options.clock, place.clone(), shared.head.clone(), is_durable, options.busy_timeout)
            .map_err(|error| cannot_start(&shown, error))?;
    if let Some(readers) = &shared.readers {
        for index in readers.indices() {
            let (readers, open) = (Arc::clone(readers), open.clone());
            let work = move || {
                readers.run(index);
                drop(open);
            };
            spawn("es-sqlite-reader", work).map_err(|error| cannot_start(&shown, error))?;
        }
    }
    if let Some(db) = watch {
        let (watch, head) = (Arc::clone(&shared.watch), shared.head.clone());
        let work = move || {
            watch.run(&db, &head);
            drop(db);
            drop(open);
        };
        spawn("es-sqlite-watch", work).map_err(|error| cannot_start(&shown, error))?;
    }
    let (way, alive) = (Arc::clone(&shared.writes), shared.alive.subscribe());
    let store = SqliteStore { shared: Arc::new(shared) };
    let write = move || {
        way.run(writer, place, &others);
        drop(alive);
    };
    Ok((store, write))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn cannot_start(path: &Path, source: impl Into<BoxError>) -> OpenError {
    OpenError::Failed { path: path.to_owned(), source: source.into() }
}
