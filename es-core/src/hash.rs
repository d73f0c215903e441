//! Maps and sets of ids whose hashes cost little. They are keyed as those of the standard library are, so that nobody can choose ids
//! that meet.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A map with such hashes.
pub(crate) type Map<K, V> = std::collections::HashMap<K, V, Keyed>;
/// A set with such hashes.
pub(crate) type Set<K> = std::collections::HashSet<K, Keyed>;

/// Makes hashers with a key of its own.
#[derive(Debug, Clone)]
pub(crate) struct Keyed([u64; 2]);

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(0), random.hash_one(1)])
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        let [hash, key] = self.0;
        Folded { hash, key }
    }
}

/// Multiplies 16 bytes after the other into the hash, and keeps what both halves of the product have.
pub(crate) struct Folded {
    hash: u64,
    key: u64,
}

impl Folded {
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a number")]
    fn fold(&mut self, number: u128, key: u64) {
        let (low, high) = (number as u64, (number >> 64) as u64);
        let product = u128::from(low ^ self.hash) * u128::from(high ^ key);
        self.hash = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Folded {
    #[expect(clippy::cast_possible_truncation, reason = "it is less than 16")]
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks();
        for chunk in chunks {
            self.fold(u128::from_le_bytes(*chunk), self.key);
        }
        if rest.is_empty() {
            return;
        }
        // The last 16 bytes, also where some of them have been folded: to copy the rest would take longer.
        let last = bytes.last_chunk().map_or_else(|| short(rest), |last| u128::from_le_bytes(*last));
        // With a key of its length, so that neither a shorter one with zeroes behind it nor a whole chunk is the same.
        self.fold(last, self.key.rotate_left(rest.len() as u32));
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(number.into(), self.key);
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u128, self.key);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

/// Less than 16 bytes as a number, another one for each content of one length: its first and its last bytes, which may overlap.
fn short(bytes: &[u8]) -> u128 {
    let (low, high) = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
    } else {
        let at = |index: usize| u64::from(bytes.get(index).copied().unwrap_or(0));
        (at(0) | at(1) << 8, at(2))
    };
    u128::from(low) | u128::from(high) << 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, StreamId, Timestamp};

    /// How many of the hashes share their lowest 12 bits, or their highest 7, with most others.
    fn crowds(hashes: &[u64]) -> (usize, usize) {
        let most = |part: fn(u64) -> u64| {
            let mut counts = Map::<u64, usize>::default();
            for hash in hashes {
                *counts.entry(part(*hash)).or_default() += 1;
            }
            counts.into_values().max().unwrap_or(0)
        };
        (most(|hash| hash & 0xfff), most(|hash| hash >> 57))
    }

    #[test]
    fn ids_that_are_alike_are_spread() {
        let keyed = Keyed::default();
        let streams = (0..65_536).map(|number| StreamId::new("account", &format!("account-{number:06}")).unwrap());
        let events = (0..65_536).map(|_| EventId::of_append(Timestamp::UNIX_EPOCH));
        for hashes in [
            streams.map(|stream| keyed.hash_one(stream)).collect::<Vec<_>>(),
            events.map(|event| keyed.hash_one(event)).collect(),
            (0..65_536_usize).map(|length| keyed.hash_one("a".repeat(length % 40) + &length.to_string())).collect(),
        ] {
            // 16 and 512 of them on average.
            let (low, high) = crowds(&hashes);
            assert!(low < 60 && high < 800, "{low} and {high}");
        }
    }

    #[test]
    fn each_byte_counts() {
        let keyed = Keyed::default();
        for length in 1..70 {
            let bytes: Vec<u8> = (0..length).collect();
            let changed = (0..bytes.len()).map(|at| {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                changed
            });
            let hashes: Set<_> = changed.chain([bytes.clone()]).map(|bytes| keyed.hash_one(bytes)).collect();
            assert_eq!(hashes.len(), bytes.len() + 1, "of {length} bytes");
        }
    }

    #[test]
    fn what_differs_in_length_alone_differs() {
        let keyed = Keyed::default();
        let hashes: std::collections::HashSet<_> = (0..100).map(|length| keyed.hash_one("\0".repeat(length))).collect();
        assert_eq!(hashes.len(), 100);
        assert_ne!(keyed.hash_one("a"), keyed.hash_one(format!("a{}\u{1}", "\0".repeat(14))));
        assert_ne!(Keyed::default().hash_one("a"), keyed.hash_one("a"));
    }
}
