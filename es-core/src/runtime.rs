//! What needs a runtime: work outside of the caller's path, and waits. Both work without one.

use std::future::Future;
use std::time::Duration;

/// Runs `work` outside of the caller's path where there is a tokio runtime, and at once where there is none.
pub(crate) async fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(work);
        return;
    }
    work.await;
}

/// Waits without holding up the runtime, whichever it is, and whether or not it has timers.
pub(crate) async fn sleep(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    crate::timer::sleep(duration).await;
}
