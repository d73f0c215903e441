//! One thread that wakes all who wait: a thousand that do are not a thousand threads.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
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

struct Sleepers {
    all: BinaryHeap<Sleeper>,
    /// Whether the thread is there; it ends when nobody sleeps.
    has_thread: bool,
}

static SLEEPERS: Mutex<Sleepers> = Mutex::new(Sleepers { all: BinaryHeap::new(), has_thread: false });
static COME: Condvar = Condvar::new();

fn sleepers() -> MutexGuard<'static, Sleepers> {
    // Nothing panics between two changes that belong together.
    SLEEPERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits.
pub(crate) async fn sleep(duration: Duration) {
    let (wake, woken) = oneshot::channel();
    {
        let mut sleepers = sleepers();
        sleepers.all.push(Sleeper { until: Instant::now() + duration, wake });
        if sleepers.has_thread {
            COME.notify_one();
        } else {
            sleepers.has_thread = std::thread::Builder::new().name("es timer".to_owned()).spawn(wake_all).is_ok();
            if !sleepers.has_thread {
                // Better too early than never.
                sleepers.all.clear();
            }
        }
    }
    // The answer is that the sender is gone.
    let _: Result<(), _> = woken.await;
}

fn wake_all() {
    let mut due = Vec::new();
    loop {
        let mut sleepers = sleepers();
        let now = Instant::now();
        while let Some(first) = sleepers.all.peek()
            && (first.until <= now || first.wake.is_closed())
        {
            due.extend(sleepers.all.pop());
        }
        if !due.is_empty() {
            // Not under the lock: whoever is woken may sleep again.
            drop(sleepers);
            due.clear();
            continue;
        }
        let Some(first) = sleepers.all.peek() else {
            sleepers.has_thread = false;
            return;
        };
        let wait = first.until.duration_since(now);
        drop(COME.wait_timeout(sleepers, wait).unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_each_in_its_time_and_forgets_who_has_gone() {
        let begun = Instant::now();
        let sleeping: Vec<_> = (0..1_000_u64)
            .rev()
            .map(|number| {
                tokio::spawn(async move {
                    let wait = Duration::from_millis(number % 50);
                    sleep(wait).await;
                    assert!(begun.elapsed() >= wait);
                })
            })
            .collect();
        let gone = tokio::spawn(sleep(Duration::from_hours(1)));
        for task in sleeping {
            task.await.unwrap();
        }
        gone.abort();
        assert!(gone.await.is_err());
        sleep(Duration::from_millis(1)).await;
        assert!(begun.elapsed() < Duration::from_mins(1));
        while sleepers().has_thread {
            tokio::task::yield_now().await;
        }
    }
}
