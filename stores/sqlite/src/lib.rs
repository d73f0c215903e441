//! The journal, the snapshots and the read models of `es-core` in one SQLite file.
//!
//! [`SqliteStore`] is a [`Journal`](es_core::Journal), a [`SnapshotStore`](es_core::SnapshotStore), a
//! [`ReadStore`](es_core::ReadStore) and an [`OutboxStore`](es_core::OutboxStore):
//!
//! ```
//! use es_core::{Journal, StreamId};
//! use es_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
//! let store = SqliteStore::open_in_memory().await?;
//! assert_eq!(store.version(&StreamId::new("account", "alice")?).await?, 0);
//! # Ok(()) }
//! ```
//!
//! # The file
//!
//! The file is in WAL mode, so there are a `-wal` and a `-shm` file beside it while it is open: the three belong
//! together. A person reads it with the `sqlite3` shell, also while programs use it:
//!
//! ```text
//! sqlite3 bank.db 'SELECT * FROM journal'
//! ```
//!
//! # Threads
//!
//! One thread takes all appends that wait and commits them together; others read, each on a connection of its own. A single
//! caller commits by itself while that is short, see [`Commits`]; else no method blocks the caller's thread, and none needs a
//! particular async runtime. More than one program may use the file at the same time.

mod builder;
mod error;
mod open;
mod outbox;
mod place;
mod projection;
mod queue;
mod reader;
mod store;
mod watch;
mod writer;

pub use builder::{Commits, Durability, SqliteStoreBuilder};
pub use error::OpenError;
pub use projection::{SqliteLease, SqliteTx};
pub use store::SqliteStore;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/aggregates.md")]
struct Aggregates;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/evolution.md")]
struct Evolution;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/copying.md")]
struct Copying;
