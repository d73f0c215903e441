//! UUIDs: those that never come again, and those of names.

use std::hash::{BuildHasher as _, RandomState};
use std::process;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

/// How many bits of a UUIDv7 are random.
const RANDOM_BITS: u32 = 74;

/// Makes a UUIDv7 of now: unique, and each sorts after those that the process has made before.
pub(crate) fn now_v7() -> Uuid {
    /// The last one, without its version and variant.
    static LAST: Mutex<u128> = Mutex::new(0);
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let random = random();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    *last = if now > *last >> RANDOM_BITS {
        // The highest bit is left for those that come in the same millisecond.
        (now << RANDOM_BITS) | (random >> (129 - RANDOM_BITS))
    } else {
        // In the same millisecond, or the clock went back.
        *last + 1 + (random >> 96)
    };
    v7(*last)
}

/// Makes a UUIDv7 of any time.
pub(crate) fn random_v7() -> Uuid {
    v7(random() >> 6)
}

/// The UUIDv7 of 48 bits of time and 74 random ones.
fn v7(bits: u128) -> Uuid {
    let (time, high, low) = (bits >> RANDOM_BITS, (bits >> 62) & 0xfff, bits & ((1 << 62) - 1));
    Uuid::from_u128((time << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)
}

/// A random number, by the keys that each thread gets from the system for its maps, as they are there without another
/// crate. A forked process has the same keys and another number, a copied machine another time.
fn random() -> u128 {
    let keyed = RandomState::new();
    let half = |which: u8| u128::from(keyed.hash_one((which, process::id(), SystemTime::now())));
    (half(0) << 64) | half(1)
}

/// Makes the UUIDv5 of a name, given in parts (RFC 9562, section 5.5).
pub(crate) fn v5(namespace: &Uuid, name: &[&[u8]]) -> Uuid {
    let message = [&[namespace.as_bytes().as_slice()], name].concat().concat();
    let mut bytes = [0; 16];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(sha1(&message)) {
        *bytes = word.to_be_bytes();
    }
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// SHA-1 (RFC 3174), here so that nobody has to build another crate for a few ids.
fn sha1(message: &[u8]) -> [u32; 5] {
    let (blocks, rest) = message.as_chunks();
    // The end of the message, a bit, zeroes, and the length in bits at the end of a block.
    let mut last = [[0; 64]; 2];
    let end = usize::from(rest.len() >= 56);
    let flat = last.as_flattened_mut();
    flat[..rest.len()].copy_from_slice(rest);
    flat[rest.len()] = 0x80;
    last[end][56..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let start = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    blocks.iter().chain(&last[..=end]).fold(start, mix)
}

/// Takes one block into the hash.
#[expect(clippy::many_single_char_names, reason = "the names of the standard")]
fn mix(hash: [u32; 5], block: &[u8; 64]) -> [u32; 5] {
    let mut words = [0; 80];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for at in 16..80 {
        words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = hash;
    for (at, word) in words.into_iter().enumerate() {
        let (function, constant) = match at {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(function).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    let mixed = [a, b, c, d, e];
    std::array::from_fn(|at| hash[at].wrapping_add(mixed[at]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn each_is_later_than_those_before_it_and_none_comes_twice() {
        let ids = || (0..5_000).map(|_| now_v7()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(ids)).collect();
        let threads: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(threads.iter().all(|ids| ids.is_sorted()));
        let all: HashSet<_> = threads.concat().into_iter().collect();
        assert_eq!(all.len(), 20_000);
        assert!(all.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
    }

    #[test]
    fn the_time_of_a_version_7_is_now() {
        let (seconds, _) = now_v7().get_timestamp().unwrap().to_unix();
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(now.abs_diff(seconds) < 60, "{seconds}, not {now}");
    }

    /// All but the time, the version and the variant.
    #[test]
    fn each_random_bit_is_now_set_and_now_not() {
        let ids: Vec<u128> = (0..64).map(|_| random_v7().as_u128()).collect();
        let (once, always) = ids.iter().fold((0, u128::MAX), |(once, always), id| (once | id, always & id));
        let random = (((1 << 12) - 1) << 64) | ((1 << 62) - 1);
        assert_eq!((once & random, always & random), (random, 0));
    }

    #[test]
    fn sha1_is_that_of_the_standard() {
        let hex = |message: &[u8]| sha1(message).map(|word| format!("{word:08x}")).concat();
        assert_eq!(hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let two = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(two), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    }

    #[test]
    fn sha1_of_any_length_is_that_of_the_standard() {
        let bytes = |message: &[u8]| sha1(message).map(u32::to_be_bytes).concat();
        let all: Vec<u8> = (0..200).flat_map(|length| bytes(&vec![b'a'; length])).collect();
        // From another implementation.
        assert_eq!(sha1(&all), [0x8a18_f04b, 0xac7c_86cf, 0xcffa_6a93, 0xe5cb_21ae, 0x0159_deac]);
    }

    #[test]
    fn version_5_is_that_of_the_standard() {
        let id = v5(&Uuid::NAMESPACE_DNS, &[b"www.", b"example.com"]);
        assert_eq!(id.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
