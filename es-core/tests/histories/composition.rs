//! What was recorded as version k reads as the composition of the steps since k.

use es_core::{Codec, Event, Json, Payload};
use serde_json::Value;

use super::events::each;
use super::generate::{Random, cases};
use super::{Recorded, Visitor};

struct Composition {
    cases: usize,
    versions: usize,
}

impl Visitor for Composition {
    fn visit<E: Event, R: Recorded<E>>(&mut self, random: &mut Random) {
        self.versions += 1;
        let since = R::since();
        assert_eq!(R::VERSION as usize + since.len(), E::MODEL.version as usize);
        for _ in 0..self.cases {
            let recorded = R::generate(random);
            let content = serde_json::to_value(&recorded).unwrap();
            let expected = since.iter().flatten().fold(content.clone(), |content, step| step.take(content));
            let lifted = serde_json::to_value(recorded.clone().into()).unwrap();
            assert_eq!(lifted, expected, "`From` of {content}, version {} of {}", R::VERSION, E::MODEL.name);
            assert_eq!(read::<E, Json, R>(&recorded), expected, "version {} of {}", R::VERSION, E::MODEL.name);
            #[cfg(feature = "postcard")]
            {
                let read = read::<E, es_core::Postcard, R>(&recorded);
                assert_eq!(read, expected, "version {} of {}, postcard", R::VERSION, E::MODEL.name);
            }
        }
    }
}

fn read<E: Event, C: Codec, R: Recorded<E>>(recorded: &R) -> Value {
    let mut bytes = Vec::new();
    C::encode(recorded, &mut bytes).unwrap();
    // Another format than the codec's is read as well.
    let payload = Payload { format: C::FORMAT, bytes: &bytes };
    let event = E::decode::<Json>(R::VERSION, &payload).unwrap();
    serde_json::to_value(event).unwrap()
}

#[test]
fn an_event_of_any_version_reads_as_the_composition_of_the_steps_since() {
    let mut composition = Composition { cases: cases(1_000), versions: 0 };
    each(&mut composition, &mut Random::new());
    assert!(composition.versions > 20);
}
