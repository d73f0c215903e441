//! Reading: threads with a connection each, and the queries that they run.

mod events;
mod ids;
mod metadata;
mod names;
mod readers;
mod row;
mod snapshots;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::place::Failure;

pub(crate) use events::{
    Extent, are_few, as_integer, find_command, head, last_event, read_all, read_payloads, read_stream, stream_no,
    version, version_at,
};
pub(crate) use ids::{BLOCK, IdPart, id_part};
pub(crate) use names::Names;
pub(crate) use readers::Readers;
pub(crate) use row::as_time;
pub(crate) use snapshots::{Loaded, list_snapshots, load_snapshot};

/// A connection to read on, and what is known of its streams and kinds.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) db: Connection,
    pub(crate) names: Names,
}

/// Something to read, which answers by itself.
pub(crate) type ReadJob = Box<dyn FnOnce(&mut Reader) + Send>;

/// What a query gave, or the panic that ended it.
pub(crate) type ReadResult<T> = std::thread::Result<Result<T, Failure>>;

/// Makes a job of a query, and the place where its result arrives.
pub(crate) fn read_job<T: Send + 'static>(
    query: impl FnOnce(&mut Reader) -> Result<T, Failure> + Send + 'static,
) -> (ReadJob, oneshot::Receiver<ReadResult<T>>) {
    let (answer, answered) = oneshot::channel();
    let job = move |reader: &mut Reader| {
        if answer.is_closed() {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(|| query(reader)));
        // A query of the user's may have begun a transaction. It would keep the WAL from being reset.
        if !reader.db.is_autocommit() {
            let _ = reader.db.execute_batch("ROLLBACK");
        }
        // Nobody waits any more: nobody misses it.
        let _ = answer.send(result);
    };
    (Box::new(job), answered)
}
