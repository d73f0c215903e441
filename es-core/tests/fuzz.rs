//! The fuzz targets, on their seeds and on random changes of them: see `fuzz/README.md`.
#![cfg(feature = "postcard")]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// The seeds of a target: what is in its folder.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs a target on its seeds, and on random changes of them.
fn run(target: &str, body: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(seeds.len() > 10, "{} seeds", seeds.len());
    for seed in &seeds {
        body(seed);
    }
    let mut random = Random::new();
    let rounds = if std::env::var_os("ES_SOAK").is_some_and(|value| value == "1") { 2_000_000 } else { 20_000 };
    for _ in 0..rounds {
        let mut data = random.pick(&seeds).clone();
        for _ in 0..=random.below(4) {
            random.change(&mut data, &seeds);
        }
        body(&data);
    }
    println!("{target}: {} seeds, {rounds} changes of them", seeds.len());
}

#[test]
fn the_decoder_never_panics_and_what_it_reads_it_writes() {
    run("decode", targets::decode);
}

#[test]
fn the_schema_lock_never_panics_and_what_it_reads_it_writes() {
    run("lock_file", targets::lock_file);
}

#[test]
fn names_of_streams_are_taken_as_they_are_or_not_at_all() {
    run("stream_id", targets::stream_id);
}

/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", `SplitMix64`.
struct Random(u64);

impl Random {
    /// Takes the seed from `ES_SEED`, or another each time, and prints it.
    fn new() -> Self {
        let given = std::env::var("ES_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| es_core::EventId::new().as_uuid().as_u64_pair().1);
        println!("seed {seed}; ES_SEED={seed} does it again");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        // Often one that means something to a parser.
        let special = b"\0\x01\x02\x7f\x80\xff\n \"{}[]:,#.09-eE\\";
        if self.below(2) == 0 { *self.pick(special) } else { self.next().to_le_bytes()[0] }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        start..start + self.below(len - start + 1)
    }

    /// Changes, adds, takes away or repeats a part, or takes one of another seed.
    fn change(&mut self, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(data.len() + 1);
        match self.below(7) {
            0 if at < data.len() => data[at] = self.byte(),
            1 if at < data.len() => data[at] ^= 1 << self.below(8),
            2 => data.insert(at, self.byte()),
            3 => drop(data.drain(self.range(data.len()))),
            4 => data.truncate(at),
            5 => {
                let part = data[self.range(data.len())].to_vec();
                data.splice(at..at, part);
            }
            _ => {
                let other = self.pick(seeds);
                let part = other[self.range(other.len())].to_vec();
                data.splice(at..at, part);
            }
        }
    }
}
