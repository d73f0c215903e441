//! Bytes that are no event are an error, never a panic.

use es_core::{Codec, DecodeError, Event, Json, Payload};

use super::events::each;
use super::generate::{Random, cases};
use super::{Recorded, Visitor};

struct Damage {
    cases: usize,
    read: usize,
    refused: usize,
}

impl Damage {
    fn read<E: Event>(&mut self, version: u32, format: &str, bytes: &[u8]) {
        let known = (E::MODEL.oldest..=E::MODEL.version).contains(&version);
        match E::decode::<Json>(version, &Payload { format, bytes }) {
            Ok(event) => {
                assert!(known);
                // What reads can be written.
                Json::encode(&event, &mut Vec::new()).unwrap();
                self.read += 1;
            }
            Err(error) => {
                assert_eq!(matches!(error, DecodeError::Version { .. }), !known, "{error}");
                assert!(error.to_string().contains(E::MODEL.name), "{error}");
                self.refused += 1;
            }
        }
    }
}

impl Visitor for Damage {
    fn visit<E: Event, R: Recorded<E>>(&mut self, random: &mut Random) {
        let formats = ["json", "postcard", "", "other"];
        for _ in 0..self.cases {
            let mut bytes: Vec<u8> = (0..random.below(40)).map(|_| random.byte()).collect();
            let version = u32::try_from(random.below(9)).unwrap();
            self.read::<E>(version, formats[random.below(4)], &bytes);
            bytes.clear();
            Json::encode(&R::generate(random), &mut bytes).unwrap();
            mutate(&mut bytes, random);
            self.read::<E>(R::VERSION, "json", &bytes);
            self.read::<E>(version, "json", &bytes);
            #[cfg(feature = "postcard")]
            {
                bytes.clear();
                es_core::Postcard::encode(&R::generate(random), &mut bytes).unwrap();
                mutate(&mut bytes, random);
                self.read::<E>(R::VERSION, "postcard", &bytes);
                self.read::<E>(version, "postcard", &bytes);
            }
        }
    }
}

/// Flips, adds, takes away or doubles some bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.byte()),
            2 => bytes.insert(at, b"{}[]\",:0"[random.below(8)]),
            3 => bytes.extend_from_within(at..),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
}

#[test]
fn bytes_that_are_no_event_are_an_error() {
    let mut damage = Damage { cases: cases(1_000), read: 0, refused: 0 };
    each(&mut damage, &mut Random::new());
    eprintln!("{} were read, {} refused", damage.read, damage.refused);
    assert!(damage.read > 0 && damage.refused > damage.read / 10);
}
