//! What went wrong in a workload: it checks what it does, and panics where that is not as it should be.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// The first panic of the workload: those after it follow from it.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the first panic from now on, in place of printing all of them.
pub(crate) fn keep() {
    panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("it panicked");
        let place = panic.location().map_or_else(String::new, |place| format!("{place}: "));
        FIRST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| format!("{place}{text}"));
    }));
}

fn take() -> Option<String> {
    FIRST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What something gives, or what went wrong first.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    take();
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| take().unwrap_or_else(|| "it panicked".to_owned()))
}
