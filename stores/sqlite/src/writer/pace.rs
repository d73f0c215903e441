//! `Pace`: how long commits take.

use std::time::Duration;

/// A commit takes no longer than this where it is short: a thread that is blocked for so long does no harm.
const SHORT: Duration = Duration::from_millis(1);
/// How many commits it takes to forget one that was out of the ordinary.
const MEMORY: u32 = 8;

/// How long commits of a single append have taken lately.
#[derive(Debug)]
pub(super) struct Pace {
    mean: Duration,
}

impl Pace {
    /// Nothing is known: commits count as long until a few have been short.
    pub(super) fn new() -> Self {
        Self { mean: SHORT * 2 }
    }

    pub(super) fn note(&mut self, took: Duration) {
        self.mean = self.mean / MEMORY * (MEMORY - 1) + took / MEMORY;
    }

    pub(super) fn is_short(&self) -> bool {
        self.mean < SHORT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_count_as_short_when_some_have_been() {
        let mut pace = Pace::new();
        assert!(!pace.is_short());
        let noted = |pace: &mut Pace, micros| {
            (1..=100).find(|_| {
                let before = pace.is_short();
                pace.note(Duration::from_micros(micros));
                pace.is_short() != before
            })
        };
        assert!(noted(&mut pace, 300).is_some_and(|commits| commits > 3));
        assert_eq!(noted(&mut pace, 300), None);
        assert!(noted(&mut pace, 20_000).is_some_and(|commits| commits == 1), "the disk has stalled");
        assert!(noted(&mut pace, 300).is_some_and(|commits| commits > 8));
        assert_eq!(noted(&mut pace, 900), None);
        assert!(noted(&mut pace, 1_100).is_some(), "the disk is slow");
    }
}
