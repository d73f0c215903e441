//! Numbers that a seed gives.

/// A generator of numbers (splitmix64).
pub(super) struct Random(u64);

impl Random {
    /// The seed in `ES_SEED`, or a new one; it is printed, for a test that fails.
    pub(super) fn from_env() -> Self {
        let given = std::env::var("ES_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |now| u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20))
        });
        eprintln!("ES_SEED={seed}");
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap_or(1)).unwrap_or(0)
    }

    /// True in one of `times` cases.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// How many cases there are: `ES_CASES`, or `default`.
pub(super) fn cases(default: usize) -> usize {
    std::env::var("ES_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}
