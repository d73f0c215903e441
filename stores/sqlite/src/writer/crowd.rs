//! `Crowd`: waiting a little for those who were just answered, so that more is committed together.

use std::time::{Duration, Instant};

use crate::queue::Queue;

/// The longest wait.
const LONGEST: Duration = Duration::from_millis(1);
/// The most whose return is waited for: of more than these, enough come back while a commit runs.
const MOST: usize = 64;
/// The most batches without a wait after waits that brought nobody.
const MOST_SKIPPED: u32 = 64;

/// Knows whether callers come back at once when they are answered.
///
/// Who appends again and again comes back within a fraction of the time that a commit takes. To begin the next commit with the
/// first one would leave the others to the one after it, so that half of the commits are for nearly nothing.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Batches that are yet to be taken without a wait.
    to_skip: u32,
    /// How many are skipped after the next wait that brings nobody.
    skips: u32,
}

impl Crowd {
    /// Waits for the `answered` callers of a commit that began at `started`, if that is likely to be worth it.
    pub(super) fn await_return<T>(&mut self, queue: &Queue<T>, answered: usize, started: Instant) {
        if !(2..=MOST).contains(&answered) {
            return;
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return;
        }
        let there = queue.len();
        let wait = (started.elapsed() / 4).min(LONGEST);
        let came = queue.gather(there + answered, wait) - there;
        if came * 4 >= answered {
            self.skips = 0;
        } else {
            self.skips = (self.skips * 2).clamp(1, MOST_SKIPPED);
            self.to_skip = self.skips;
        }
    }
}
