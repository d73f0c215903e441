//! What needs a runtime: work outside of the caller's path, and waits. Both work without one.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Work of any type: what runs it is compiled here, and not once more for each aggregate.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs `work` outside of the caller's path where there is a tokio runtime; gives it back, to be awaited, where there is none.
pub(crate) fn in_background(work: Work) -> Option<Work> {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(work);
        return None;
    }
    Some(work)
}

/// Waits without holding up the runtime, whichever it is, and whether or not it has timers.
pub(crate) async fn sleep(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    crate::timer::sleep(duration).await;
}
