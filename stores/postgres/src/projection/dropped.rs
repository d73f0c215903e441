//! `Waiter` and `Waited`: whether somebody still waits for a transaction, up to the moment when it is committed.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use tokio::sync::oneshot;

/// Whoever waits for a transaction. It is not committed when this was dropped before.
pub(super) struct Waiter {
    decided: Arc<AtomicBool>,
    _gone: oneshot::Sender<()>,
}

/// The transaction's side of it.
pub(super) struct Waited {
    decided: Arc<AtomicBool>,
    gone: oneshot::Receiver<()>,
}

pub(super) fn waiter() -> (Waiter, Waited) {
    let decided = Arc::new(AtomicBool::new(false));
    let (sender, gone) = oneshot::channel();
    (Waiter { decided: Arc::clone(&decided), _gone: sender }, Waited { decided, gone })
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.decided.store(true, Ordering::SeqCst);
    }
}

impl Waited {
    /// Does something for as long as somebody waits; `None` when nobody does any more.
    pub(super) async fn unless_dropped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if pin!(&mut self.gone).poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Whether it may be committed: whoever drops the other side from now on comes too late.
    pub(super) fn decide(&self) -> bool {
        !self.decided.swap(true, Ordering::SeqCst)
    }
}
