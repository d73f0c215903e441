//! The journal, the snapshots and the read models of `es-core` on a PostgreSQL server.
//!
//! [`PostgresStore`] is a [`Journal`](es_core::Journal) and a [`SnapshotStore`](es_core::SnapshotStore), for any number
//! of processes at once:
//!
//! ```no_run
//! use es_core::{Journal, StreamId};
//! use es_postgres::PostgresStore;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
//! let store = PostgresStore::connect("postgres://bank@db.example.org/bank").await?;
//! assert_eq!(store.version(&StreamId::new("account", "alice")?).await?, 0);
//! # Ok(()) }
//! ```
//!
//! # The schema
//!
//! The tables stand in a schema of their own, `es` unless the [builder](PostgresStoreBuilder::schema) says otherwise.
//! A person reads the journal with `psql`, also while programs use it:
//!
//! ```text
//! psql bank -c 'SELECT * FROM es.journal'
//! ```
//!
//! # TLS
//!
//! Connections are made by sqlx, so they are encrypted when a TLS feature of sqlx is on: name sqlx in the program's own
//! `Cargo.toml` with `features = ["tls-rustls"]`, and write `sslmode=verify-full` in the URL.

mod builder;
mod connections;
mod error;
mod place;
mod projection;
mod reader;
mod schema;
mod snapshots;
mod store;
mod stream;
mod watch;
mod writer;

pub use builder::PostgresStoreBuilder;
pub use error::ConnectError;
pub use projection::{PostgresLease, PostgresTx};
pub use store::PostgresStore;
