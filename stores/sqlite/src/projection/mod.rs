//! Read models: in the journal's own file, or in another one.

mod block_on;
mod checkpoint;
mod guard;
mod lease;
mod parked;
mod store;
mod timers;
mod tx;

pub(crate) use block_on::block_on;
pub(crate) use checkpoint::{integer, position};
pub(crate) use guard::Guard;
pub(crate) use lease::Leases;
pub use lease::SqliteLease;
pub use tx::SqliteTx;
pub(crate) use tx::ended;
