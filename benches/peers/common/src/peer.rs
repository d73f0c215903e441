//! `Peer`: what a library does for the workloads.

use std::error::Error;
use std::ops::Range;

/// What came of something that a library did.
pub type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// A library on an open store. Clones are the clients of one store.
///
/// Each function does what the library's documentation tells its users to do.
pub trait Peer: Clone + Send + Sync + 'static {
    /// How many writers fill the store at once: more than one where that is faster.
    const WRITERS: usize = 8;

    /// The longest stream that there can be.
    const LONGEST: u64 = u64::MAX;

    /// Makes an account with `prior` events ready for commands: where it has to be there before the first, or where its
    /// state is kept at hand. The event that makes it is that of number 0.
    fn prepare(&mut self, account: u64, prior: u64) -> impl Future<Output = Done> + Send {
        let _ = (account, prior);
        std::future::ready(Ok(()))
    }

    /// Executes a command: the state of the account, a decision, one event, which is as durable as the store is.
    fn execute(&mut self, account: u64, number: u64) -> impl Future<Output = Done> + Send;

    /// Appends events to an account, in one commit. The first is its first, or follows what has been appended before.
    fn append(&mut self, account: u64, numbers: Range<u64>) -> impl Future<Output = Done> + Send;

    /// Loads an account from its events, with nothing at hand, and gives how many there were.
    fn load(&mut self, account: u64) -> impl Future<Output = Done<u64>> + Send;

    /// Closes the store, before the next one is opened.
    fn close(self) -> impl Future<Output = Done> + Send {
        std::future::ready(Ok(()))
    }
}

/// A library that has projections.
pub trait Projects: Peer {
    /// The most events that are projected, where all would take minutes.
    const MOST: u64 = u64::MAX;

    /// Projects the balances of all accounts into a map, and gives how many events there were of the `events` in the store.
    fn project(&mut self, events: u64) -> impl Future<Output = Done<u64>> + Send;
}
