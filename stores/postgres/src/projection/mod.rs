//! Read models: in the journal's own database, or in another one.

mod alive;
mod checkpoint;
mod connections;
mod dropped;
mod execute;
mod lease;
mod leases;
mod outbox;
mod parked;
mod projections;
mod statements;
mod store;
mod timers;
mod tx;

pub use lease::PostgresLease;
pub(crate) use projections::Projections;
pub use tx::PostgresTx;
