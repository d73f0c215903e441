//! `Patience`: how long a store that cannot be used just now is tried again.

use std::time::{Duration, Instant};

use super::retry::random_below;
use crate::journal::JournalError;

/// How long a store that cannot be used just now is tried again, as while its server starts anew.
///
/// This is about errors that pass ([`JournalError::is_transient`](crate::JournalError::is_transient)), and about answers that got
/// lost. The second try is at once; before each further one comes a wait that doubles from `wait` up to `longest_wait`, and of
/// which a random part is left out, so that all who wait do not come at once. After `total` no further try begins. Commands that have
/// waited for their turn on an aggregate meanwhile are tried once more, and do not wait each its own time one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The wait before the third try.
    pub wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// How long after the first failure to try.
    pub total: Duration,
}

impl Patience {
    /// What the store says is the answer at once, also that nobody knows what was written.
    pub const NONE: Self = Self { wait: Duration::ZERO, longest_wait: Duration::ZERO, total: Duration::ZERO };

    /// The wait after so many tries.
    fn wait_after(&self, tries: u32) -> Duration {
        let Some(doublings) = tries.checked_sub(2) else { return Duration::ZERO };
        let longest = self.wait.saturating_mul(1 << doublings.min(16)).min(self.longest_wait);
        longest / 2 + random_below(longest / 2)
    }
}

impl Default for Patience {
    /// 10 seconds, waits from 100 ms to 1 second: a server that is started anew takes some of them.
    fn default() -> Self {
        Self { wait: Duration::from_millis(100), longest_wait: Duration::from_secs(1), total: Duration::from_secs(10) }
    }
}

/// The tries of one who has patience.
#[derive(Debug)]
pub(super) struct Tries<'a> {
    patience: &'a Patience,
    /// `None` before the first failure.
    failing_since: Option<Instant>,
    failures: u32,
}

impl<'a> Tries<'a> {
    pub(super) const fn new(patience: &'a Patience) -> Self {
        Self { patience, failing_since: None, failures: 0 }
    }

    /// Waits after a failure; `false` when that has been long enough.
    pub(super) async fn wait(&mut self) -> bool {
        let now = Instant::now();
        let since = *self.failing_since.get_or_insert(now);
        self.failures += 1;
        let wait = self.patience.wait_after(self.failures);
        if self.patience.total.is_zero() || now.duration_since(since) + wait > self.patience.total {
            return false;
        }
        // It seldom happens, and the future of a command is to be small.
        Box::pin(crate::runtime::sleep(wait)).await;
        true
    }

    /// Waits after an error that passes; `false` where it does not, or when that has been long enough.
    pub(super) async fn wait_after(&mut self, error: &JournalError) -> bool {
        error.is_transient() && self.wait().await
    }
}

/// Until when a command has tried that has given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage(Instant);

impl<'a> Tries<'a> {
    /// For one who has waited for its turn since then: without patience where the one before it has used it up meanwhile.
    pub(super) fn after(patience: &'a Patience, outage: Option<Outage>, waiting_since: Instant) -> Self {
        let has_waited = outage.is_some_and(|Outage(until)| waiting_since <= until);
        Self::new(if has_waited { &Patience::NONE } else { patience })
    }

    /// What those are to know who wait for their turn, where this one has used up its patience.
    pub(super) fn outage(&self) -> Option<Outage> {
        let had_patience = !self.patience.total.is_zero() && self.failing_since.is_some();
        had_patience.then(|| Outage(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time() {
        let patience = Patience { longest_wait: Duration::from_millis(400), ..Patience::default() };
        assert_eq!(patience.wait_after(1), Duration::ZERO);
        for tries in 2..40 {
            let longest = Duration::from_millis(100 << (tries - 2).min(2));
            let wait = patience.wait_after(tries);
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?} after {tries}");
        }
        assert_eq!(Patience::NONE.wait_after(9), Duration::ZERO);
    }

    #[tokio::test]
    async fn gives_up_in_time_and_without_patience_at_once() {
        assert!(!Tries::new(&Patience::NONE).wait().await);
        let patience =
            Patience { wait: Duration::from_millis(1), total: Duration::from_millis(20), ..Patience::default() };
        let (begun, mut tries) = (Instant::now(), Tries::new(&patience));
        assert!(tries.wait().await, "the second try is at once");
        while tries.wait().await {
            assert!(begun.elapsed() <= Duration::from_mins(1));
        }
        // Who waited meanwhile tries once.
        let outage = tries.outage();
        assert!(!Tries::after(&patience, outage, begun).wait().await);
        // Whoever comes afterwards has time of its own.
        assert!(Tries::after(&patience, None, begun).wait().await);
        assert!(Tries::after(&patience, outage, Instant::now()).wait().await);
    }
}
