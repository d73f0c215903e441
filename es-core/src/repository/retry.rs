//! `Retry`: how often a lost race is decided again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// How often a race lost to another writer is decided again, and how long to wait before.
///
/// The first time is at once; before each further one comes a random part of a wait that doubles
/// from `wait` up to `longest_wait`, so that those who met do not meet again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often a command is decided in all; 0 counts as 1.
    pub attempts: u32,
    /// The wait before the third decision.
    pub wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Retry {
    /// A lost race is an error at once.
    pub const NEVER: Self = Self { attempts: 1, wait: Duration::ZERO, longest_wait: Duration::ZERO };

    /// The wait after `attempts` lost races; `None` when there have been enough.
    pub(crate) fn wait_after(&self, attempts: u32) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doublings = attempts.checked_sub(2).map_or(0, |doublings| doublings.min(16));
        let longest =
            if attempts < 2 { Duration::ZERO } else { self.wait.saturating_mul(1 << doublings).min(self.longest_wait) };
        Some(random_below(longest))
    }
}

/// A random time that is shorter than `longest`, or none at all.
pub(super) fn random_below(longest: Duration) -> Duration {
    let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    // Each hasher is seeded anew by the standard library.
    let random = RandomState::new().build_hasher().finish();
    Duration::from_nanos(random.checked_rem(nanos).unwrap_or(0))
}

impl Default for Retry {
    /// 20 decisions, waits from 1 ms to 100 ms.
    fn default() -> Self {
        Self { attempts: 20, wait: Duration::from_millis(1), longest_wait: Duration::from_millis(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_gives_up() {
        let retry = Retry { attempts: 40, wait: Duration::from_millis(1), longest_wait: Duration::from_millis(8) };
        assert_eq!(retry.wait_after(1), Some(Duration::ZERO));
        for attempts in 2..40 {
            let bound = Duration::from_millis(1 << (attempts - 2).min(3));
            assert!(retry.wait_after(attempts).is_some_and(|wait| wait < bound));
        }
        assert_eq!(retry.wait_after(40), None);
        let retry = Retry { wait: Duration::MAX, ..retry };
        assert!(retry.wait_after(39).is_some_and(|wait| wait < retry.longest_wait));
        assert_eq!(Retry::NEVER.wait_after(1), None);
        assert_eq!(Retry { attempts: 0, ..Retry::NEVER }.wait_after(1), None);
    }
}
