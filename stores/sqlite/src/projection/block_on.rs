//! Running a future on a thread that is no runtime's.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::runtime::Handle;

/// Runs `future` on this thread until it ends; what needs a runtime finds `runtime` there.
pub(crate) fn block_on<F: Future>(runtime: Option<&Handle>, future: F) -> F::Output {
    if let Some(runtime) = runtime {
        return runtime.block_on(future);
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
