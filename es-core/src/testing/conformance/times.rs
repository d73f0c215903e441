//! J13 and J15: metadata, and the times of events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::given::{Random, accepted, account, append, event, events, part, seed};
use super::harness::{Harness, did, open};
use super::seen::of_stream;
use crate::event::{CausationId, CommandId, CorrelationId, ManualClock, Metadata, Timestamp};
use crate::journal::{Append, ExpectedVersion, Journal, NewEvent};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn j13_metadata_comes_back_as_it_was_given<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let full = Metadata {
        actor: Some("teller-7".to_owned()),
        command_id: Some(CommandId::new()),
        correlation_id: Some(CorrelationId::new()),
        causation_id: Some(CausationId::new()),
        extra: BTreeMap::from([
            ("ip".to_owned(), "::1".to_owned()),
            (String::new(), String::new()),
            ("actor".to_owned(), "not the actor".to_owned()),
            ("\u{1f511} \"key\"".to_owned(), "a 'value'\n\t\\ \u{0}\u{7f}\u{e9}".to_owned()),
        ]),
    };
    let nothing = Metadata::default;
    let given = [
        nothing(),
        full.clone(),
        Metadata { actor: full.actor.clone(), ..nothing() },
        Metadata { actor: Some(String::new()), ..nothing() },
        Metadata { command_id: Some(CommandId::from_name("payment")), ..nothing() },
        Metadata { correlation_id: full.correlation_id, ..nothing() },
        Metadata { causation_id: full.causation_id, ..nothing() },
        Metadata { extra: full.extra.clone(), ..nothing() },
        nothing(),
    ];
    let written: Vec<_> =
        given.iter().map(|metadata| NewEvent { metadata: metadata.clone().into(), ..event(0) }).collect();
    append(&store, &alice, written).await;
    let found: Vec<_> = of_stream(&store, &alice).await.iter().map(|seen| (*seen.event.metadata).clone()).collect();
    assert_eq!(found, given);
    let found: Vec<_> = super::seen::all(&store).await.iter().map(|seen| (*seen.event.metadata).clone()).collect();
    assert_eq!(found, given);
}

pub(super) async fn j13_an_event_is_recorded_at_the_time_that_the_clock_shows<H: Harness>(place: H) {
    let clock = Arc::new(ManualClock::at(Timestamp::MIN));
    let store = place.open(clock.clone()).await;
    for (index, micros) in [Timestamp::MIN.as_micros(), -1, 0, 1, 1_795_000_000_123_456, Timestamp::MAX.as_micros()]
        .into_iter()
        .enumerate()
    {
        let time = Timestamp::from_micros(micros);
        clock.set(time);
        assert_eq!(store.clock().now(), time, "the clock of the journal is the one it was opened with");
        let appended = append(&store, &account(&index.to_string()), events(1)).await;
        let found = of_stream(&store, &account(&index.to_string())).await;
        assert_eq!((appended.recorded_at, found[0].recorded_at), (time, time));
    }
}

pub(super) async fn j13_recorded_time_never_goes_back_within_a_stream_even_when_the_clock_does<H: Harness>(place: H) {
    let noon: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::at(noon));
    let store = place.open(clock.clone()).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let seed = seed();
    let mut random = Random::new(seed);
    for _ in 0..200 {
        clock.set(noon + SECOND * u32::try_from(random.below(3_600)).unwrap() - SECOND * 1_800);
        let before = store.clock().now();
        let to_both = Append {
            streams: vec![
                part(&alice, ExpectedVersion::Any, events(random.below(3))),
                part(&bob, ExpectedVersion::Any, events(random.below(2))),
            ],
        };
        let written = to_both.len();
        let appended = accepted(&store, to_both).await;
        assert!(written == 0 || appended.recorded_at >= before, "seed {seed}: recorded before the clock's time");
    }
    for stream in [alice, bob] {
        let found = of_stream(&store, &stream).await;
        assert!(!found.is_empty());
        for pair in found.windows(2) {
            assert!(pair[0].recorded_at <= pair[1].recorded_at, "seed {seed}: {pair:?}");
        }
    }
    did(format_args!("200 appends, seed {seed}"));
}

pub(super) async fn j15_the_version_at_a_time_is_the_last_one_recorded_by_then<H: Harness>(place: H) {
    let start: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::at(start));
    let store = place.open(clock.clone()).await;
    let (alice, bob) = (account("alice"), account("bob"));
    // Versions 1 to 3 at 0 s, 4 at 10 s, 5 and 6 at 20 s: the last of them written after the clock went back.
    append(&store, &alice, events(3)).await;
    clock.set(start + SECOND * 10);
    append(&store, &alice, events(1)).await;
    append(&store, &bob, events(7)).await;
    clock.set(start + SECOND * 20);
    append(&store, &alice, events(1)).await;
    clock.set(start + SECOND * 15);
    append(&store, &alice, events(1)).await;
    let moment = Duration::from_micros(1);
    for (time, version) in [
        (Timestamp::MIN, 0),
        (start - moment, 0),
        (start, 3),
        (start + moment, 3),
        (start + SECOND * 10 - moment, 3),
        (start + SECOND * 10, 4),
        (start + SECOND * 15, 4),
        (start + SECOND * 20 - moment, 4),
        (start + SECOND * 20, 6),
        (start + SECOND * 21, 6),
        (Timestamp::MAX, 6),
    ] {
        assert_eq!(store.version_at(&alice, time).await.unwrap(), version, "at {time}");
    }
    assert_eq!(store.version_at(&bob, start).await.unwrap(), 0);
    assert_eq!(store.version_at(&bob, start + SECOND * 10).await.unwrap(), 7);
}
