//! Content of events, made of random numbers.

use std::collections::BTreeMap;

/// A generator of numbers (splitmix64). Its seed is in `ES_SEED`, or a new one, and printed for a test that fails.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        let seed = std::env::var("ES_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |now| u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20))
        });
        eprintln!("ES_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// How many cases there are: `ES_CASES`, or `default`.
pub fn cases(default: usize) -> usize {
    std::env::var("ES_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

pub trait Generate {
    fn generate(random: &mut Random) -> Self;
}

impl Generate for u8 {
    fn generate(random: &mut Random) -> Self {
        random.byte()
    }
}

impl Generate for u32 {
    fn generate(random: &mut Random) -> Self {
        u32::from(random.byte()) << (random.byte() % 25)
    }
}

impl Generate for u64 {
    fn generate(random: &mut Random) -> Self {
        random.next() >> (random.byte() % 64)
    }
}

impl Generate for bool {
    fn generate(random: &mut Random) -> Self {
        random.byte() < 128
    }
}

/// Quarters, which have an exact decimal.
impl Generate for f64 {
    fn generate(random: &mut Random) -> Self {
        f64::from(u32::generate(random)) / 4.0 - f64::from(random.byte())
    }
}

impl Generate for String {
    fn generate(random: &mut Random) -> Self {
        const LETTERS: &[char] = &['a', 'Z', '0', ' ', '"', '\\', '\n', '\0', 'ä', '€', '𝄞'];
        (0..random.below(8)).map(|_| LETTERS[random.below(LETTERS.len())]).collect()
    }
}

impl<T: Generate> Generate for Option<T> {
    fn generate(random: &mut Random) -> Self {
        bool::generate(random).then(|| T::generate(random))
    }
}

impl<T: Generate> Generate for Vec<T> {
    fn generate(random: &mut Random) -> Self {
        (0..random.below(4)).map(|_| T::generate(random)).collect()
    }
}

impl<K: Generate + Ord, V: Generate> Generate for BTreeMap<K, V> {
    fn generate(random: &mut Random) -> Self {
        (0..random.below(4)).map(|_| (K::generate(random), V::generate(random))).collect()
    }
}

impl<A: Generate, B: Generate> Generate for (A, B) {
    fn generate(random: &mut Random) -> Self {
        (A::generate(random), B::generate(random))
    }
}
