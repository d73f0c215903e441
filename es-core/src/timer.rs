//! One thread that wakes all who wait: a thousand that do are not a thousand threads.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

struct Sleeper {
    until: Instant,
    wake: oneshot::Sender<()>,
}

// The one that is to be woken first is the greatest.
impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> Ordering {
        other.until.cmp(&self.until)
    }
}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Sleeper {}

/// Those who wait, and the thread that wakes them.
struct Timer {
    sleepers: Mutex<Sleepers>,
    come: Condvar,
    /// Starts the thread; `false` where there is none to be had.
    start: fn(&'static Self) -> bool,
}

struct Sleepers {
    all: BinaryHeap<Sleeper>,
    /// Whether the thread is there; it ends when nobody sleeps.
    has_thread: bool,
}

static TIMER: Timer = Timer::new(start);

/// Waits.
pub(crate) async fn sleep(duration: Duration) {
    TIMER.sleep(duration).await;
}

fn start(timer: &'static Timer) -> bool {
    std::thread::Builder::new().name("es timer".to_owned()).spawn(|| timer.wake_all()).is_ok()
}

impl Timer {
    const fn new(start: fn(&'static Self) -> bool) -> Self {
        let sleepers = Mutex::new(Sleepers { all: BinaryHeap::new(), has_thread: false });
        Self { sleepers, come: Condvar::new(), start }
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        // Nothing panics between two changes that belong together.
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&'static self, duration: Duration) {
        let (wake, woken) = oneshot::channel();
        self.add(Sleeper { until: Instant::now() + duration, wake });
        // The answer is that the sender is gone.
        let _: Result<(), _> = woken.await;
    }

    fn add(&'static self, sleeper: Sleeper) {
        let mut sleepers = self.sleepers();
        sleepers.all.push(sleeper);
        if sleepers.has_thread {
            self.come.notify_one();
            return;
        }
        sleepers.has_thread = (self.start)(self);
        if !sleepers.has_thread {
            // Better too early than never.
            let all = std::mem::take(&mut sleepers.all);
            drop(sleepers);
            wake(all);
        }
    }

    fn wake_all(&self) {
        let mut due = Vec::new();
        loop {
            let mut sleepers = self.sleepers();
            let now = Instant::now();
            while let Some(first) = sleepers.all.peek()
                && (first.until <= now || first.wake.is_closed())
            {
                due.extend(sleepers.all.pop());
            }
            if !due.is_empty() {
                drop(sleepers);
                wake(due.drain(..));
                continue;
            }
            let Some(first) = sleepers.all.peek() else {
                sleepers.has_thread = false;
                return;
            };
            let wait = first.until.duration_since(now);
            drop(self.come.wait_timeout(sleepers, wait).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Wakes sleepers. Not under the lock: what a waker does is not known, and whoever is woken may sleep again.
fn wake(sleepers: impl IntoIterator<Item = Sleeper>) {
    for sleeper in sleepers {
        // A waker that panics has been told, and the others are still to be woken.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sleeper)));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::{Arc, mpsc};
    use std::task::{Context, Wake, Waker};

    use super::*;

    const SHORTLY: Duration = Duration::from_millis(10);

    /// Does something when it is woken, on the thread that wakes it.
    struct Waking<F>(F);

    impl<F: Fn() + Send + Sync + 'static> Wake for Waking<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }

    fn waker(wake: impl Fn() + Send + Sync + 'static) -> Waker {
        Arc::new(Waking(wake)).into()
    }

    /// Polls a future once. Whether it is ready.
    fn poll<F: Future<Output = ()>>(future: std::pin::Pin<&mut F>, waker: &Waker) -> bool {
        future.poll(&mut Context::from_waker(waker)).is_ready()
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_else_asleep() {
        static TIMER: Timer = Timer::new(start);
        let (tell, told) = mpsc::channel();
        let mut kept = pin!(TIMER.sleep(Duration::from_hours(1)));
        let mut panicking = pin!(TIMER.sleep(SHORTLY));
        let mut other = pin!(TIMER.sleep(SHORTLY));
        assert!(!poll(kept.as_mut(), Waker::noop()), "so that it is one thread all the time");
        let of_panicking = tell.clone();
        assert!(!poll(
            panicking.as_mut(),
            &waker(move || {
                of_panicking.send("panics").unwrap();
                panic!("a waker panics");
            })
        ));
        assert!(!poll(other.as_mut(), &waker(move || tell.send("is woken").unwrap())));
        let mut both = [(); 2].map(|()| told.recv_timeout(Duration::from_mins(1)).unwrap());
        both.sort_unstable();
        assert_eq!(both, ["is woken", "panics"]);
        // Whoever sleeps afterwards is woken, too.
        let (tell, told) = mpsc::channel();
        let mut later = pin!(TIMER.sleep(SHORTLY));
        assert!(!poll(later.as_mut(), &waker(move || tell.send(()).unwrap())));
        told.recv_timeout(Duration::from_mins(1)).unwrap();
        assert!(poll(later, Waker::noop()) && poll(panicking, Waker::noop()) && poll(other, Waker::noop()));
    }

    #[test]
    fn a_waker_may_sleep_again() {
        static TIMER: Timer = Timer::new(start);
        let (tell, told) = mpsc::channel();
        let again = waker(move || {
            let tell = tell.clone();
            let mut sleep = Box::pin(TIMER.sleep(SHORTLY));
            assert!(!poll(sleep.as_mut(), &waker(move || tell.send(()).unwrap())));
            // It has to live until it is woken.
            std::mem::forget(sleep);
        });
        let mut sleep = pin!(TIMER.sleep(SHORTLY));
        assert!(!poll(sleep.as_mut(), &again));
        told.recv_timeout(Duration::from_mins(1)).unwrap();
        assert!(poll(sleep, Waker::noop()));
    }

    #[test]
    fn where_there_is_no_thread_nobody_sleeps() {
        static TIMER: Timer = Timer::new(|_| false);
        // Those that are left from a thread of before are woken without the lock.
        let (wake, woken) = oneshot::channel();
        let again = waker(|| assert!(poll(pin!(TIMER.sleep(SHORTLY)), Waker::noop())));
        let mut left = pin!(async { drop(woken.await) });
        assert!(!poll(left.as_mut(), &again));
        TIMER.sleepers().all.push(Sleeper { until: Instant::now() + SHORTLY, wake });
        assert!(poll(pin!(TIMER.sleep(SHORTLY)), Waker::noop()));
        assert!(poll(left, Waker::noop()));
    }

    #[tokio::test]
    async fn wakes_each_in_its_time_and_forgets_who_has_gone() {
        static TIMER: Timer = Timer::new(start);
        let begun = Instant::now();
        let sleeping: Vec<_> = (0..1_000_u64)
            .rev()
            .map(|number| {
                tokio::spawn(async move {
                    let wait = Duration::from_millis(number % 50);
                    TIMER.sleep(wait).await;
                    assert!(begun.elapsed() >= wait);
                })
            })
            .collect();
        let gone = tokio::spawn(TIMER.sleep(Duration::from_hours(1)));
        for task in sleeping {
            task.await.unwrap();
        }
        gone.abort();
        assert!(gone.await.is_err());
        TIMER.sleep(Duration::from_millis(1)).await;
        assert!(begun.elapsed() < Duration::from_mins(1));
        while TIMER.sleepers().has_thread {
            tokio::task::yield_now().await;
        }
    }
}
