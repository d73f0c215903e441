//! `ReadHarness`: what the suite needs of a read store, and how it runs one point on it.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::resume_unwind;
use std::time::Duration;

use super::super::harness::soak;
use crate::projection::{Projected, ReadStore};

/// Makes read stores for the suite. A value of it is the place of one store: a folder, a schema, a name.
///
/// In it the suite keeps a table of numbers by name, for which the harness has the statements. What a harness cannot do it
/// reports by a panic, as a test does.
pub trait ReadHarness: Sized + Send + Sync + 'static {
    /// The store.
    type Store: ReadStore;

    /// Makes the place of a store that is not there yet.
    fn create() -> impl Future<Output = Self> + Send;

    /// Opens the store for the first time; it is empty.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Opens the store once more, as another process would. `None`, the default, for stores that end with their last
    /// handle.
    fn open_again(&self) -> impl Future<Output = Option<Self::Store>> + Send {
        async { None }
    }

    /// Creates the table; it is an error where there is one already.
    fn create_table(tx: &mut <Self::Store as ReadStore>::Tx) -> impl Future<Output = Projected> + Send;

    /// Drops the table, if there is one.
    fn drop_table(tx: &mut <Self::Store as ReadStore>::Tx) -> impl Future<Output = Projected> + Send;

    /// Sets the number of this name.
    fn set(tx: &mut <Self::Store as ReadStore>::Tx, name: &str, number: i64) -> impl Future<Output = Projected> + Send;

    /// The number of this name; `None` if it was not set.
    fn get(
        tx: &mut <Self::Store as ReadStore>::Tx,
        name: &str,
    ) -> impl Future<Output = Result<Option<i64>, crate::BoxError>> + Send;

    /// All numbers, as any client of the database sees them; `None` where there is no table.
    fn table(&self, store: &Self::Store) -> impl Future<Output = Option<BTreeMap<String, i64>>> + Send;
}

/// Runs one point on a store of its own.
pub(in crate::testing::conformance) fn run<H: ReadHarness, F: Future<Output = ()> + Send + 'static>(
    point: impl FnOnce(H) -> F + Send + 'static,
) {
    let limit = if soak() { Duration::from_hours(24) } else { Duration::from_mins(5) };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime with 4 threads");
    let task = runtime.spawn(async move {
        let place = H::create().await;
        point(place).await;
    });
    let ended = runtime.block_on(async { tokio::time::timeout(limit, task).await });
    runtime.shutdown_background();
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(failed)) => resume_unwind(failed.into_panic()),
        Err(elapsed) => panic!("the store gave no answer within {limit:?}: {elapsed}"),
    }
}
