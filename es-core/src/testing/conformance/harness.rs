//! `Harness`: what the suite needs of a store, and how it runs one point on it.

use std::future::Future;
use std::io::Write as _;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::event::{Clock, SystemClock};
use crate::journal::Journal;
use crate::snapshot::SnapshotStore;

/// Makes stores for the suite. A value of it is the place of one store: a folder, a schema, a name.
///
/// Each test makes a place of its own and drops it at its end, so `Drop` can clean up. What a harness cannot do it
/// reports by a panic, as a test does.
pub trait Harness: Sized + Send + Sync + 'static {
    /// The store. Clones share what it holds.
    type Store: Journal + SnapshotStore + Clone;

    /// How many random histories are compared with the model; 50 times as many when `ES_SOAK=1` is set.
    const HISTORIES: u64 = 2_000;

    /// Makes the place of a store that is not there yet.
    fn create() -> impl Future<Output = Self> + Send;

    /// Opens the store for the first time. It is empty, and takes its time from `clock`.
    fn open(&self, clock: Arc<dyn Clock>) -> impl Future<Output = Self::Store> + Send;

    /// Opens the store once more, as another process would: beside the handles that are open, or after the last is gone.
    ///
    /// `None`, the default, for stores that end with their last handle.
    fn open_again(&self, clock: Arc<dyn Clock>) -> impl Future<Output = Option<Self::Store>> + Send {
        drop(clock);
        async { None }
    }

    /// Holds a write transaction open for a moment, where the store has such, while others append: one that took its
    /// place in the order before them and ends after them. It leaves no event. Called again and again.
    fn hold_open(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Opens the store of a new place with the system's clock.
pub(super) async fn open<H: Harness>(place: &H) -> H::Store {
    place.open(Arc::new(SystemClock)).await
}

/// Two handles on one store: as two processes have them where the store can, else clones.
pub(super) async fn open_twice<H: Harness>(place: &H) -> [H::Store; 2] {
    let first = open(place).await;
    let second = place.open_again(Arc::new(SystemClock)).await.unwrap_or_else(|| first.clone());
    [first, second]
}

/// What a task gives; fails as the task does.
pub(super) async fn joined<T>(task: JoinHandle<T>) -> T {
    task.await.unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
}

/// Whether the long run was asked for.
pub(super) fn soak() -> bool {
    std::env::var_os("ES_SOAK").is_some_and(|value| value == "1")
}

/// Says how much a point did; seen with `--show-output`.
pub(super) fn did(what: impl std::fmt::Display) {
    println!("{what}");
}

/// Says that a point does not apply to a store, past the capture of the test's output: it is not to pass in silence.
pub(super) fn does_not_apply(point: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "{point} does not apply: {reason}");
}

/// Runs one point on a store of its own.
///
/// The runtime has several threads, and the point runs on one of them, so that a store that blocks for ever fails the
/// point like one that does not answer.
pub(super) fn run<H: Harness, F: Future<Output = ()> + Send + 'static>(point: impl FnOnce(H) -> F + Send + 'static) {
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
