//! J8, and what else several writers do at one moment.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::given::{account, events, part, to};
use super::harness::{Harness, did, joined, open_twice};
use super::seen::of_stream;
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal};

const ROUNDS: u64 = 200;

pub(super) async fn j08_of_2_writers_that_race_exactly_one_wins<H: Harness>(place: H) {
    race(place, 2).await;
}

pub(super) async fn j08_of_8_writers_that_race_exactly_one_wins<H: Harness>(place: H) {
    race(place, 8).await;
}

pub(super) async fn j08_of_32_writers_that_race_exactly_one_wins<H: Harness>(place: H) {
    race(place, 32).await;
}

/// Appends all at one moment, on the handles in turn, and gives the answers.
async fn at_once<J: Journal + Clone>(handles: &[J], appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
    let barrier = Arc::new(Barrier::new(appends.len()));
    let mut writers = Vec::new();
    for (append, journal) in appends.into_iter().zip(handles.iter().cycle()) {
        let (barrier, journal) = (Arc::clone(&barrier), journal.clone());
        writers.push(tokio::spawn(async move {
            barrier.wait().await;
            journal.append(append).await
        }));
    }
    let mut answers = Vec::new();
    for writer in writers {
        answers.push(joined(writer).await);
    }
    answers
}

async fn race<H: Harness>(place: H, writers: usize) {
    let handles = open_twice(&place).await;
    let alice = account("alice");
    for version in 0..ROUNDS {
        let expected = ExpectedVersion::Exact(version);
        let appends: Vec<_> = (0..writers).map(|_| to(&alice, expected, events(1))).collect();
        let ids: Vec<_> = appends.iter().map(|append| append.streams[0].events[0].id).collect();
        let mut won = None;
        for (answer, id) in at_once(&handles, appends).await.into_iter().zip(ids) {
            match answer {
                Ok(appended) => {
                    assert_eq!(won, None, "two writers won at version {version}");
                    let versions = appended.streams[0].versions.clone();
                    assert_eq!(versions, Some(version + 1..=version + 1), "what a writer won at version {version}");
                    won = Some(id);
                }
                Err(AppendError::Conflict { stream, expected: wrong, actual }) => {
                    assert_eq!((stream, wrong, actual), (alice.clone(), expected, version + 1));
                }
                Err(other) => panic!("a writer that raced at version {version} got: {other}"),
            }
        }
        let last = of_stream(&handles[0], &alice).await.pop().expect("a writer won");
        assert_eq!(Some(last.event.id), won, "the event that is there is the winner's");
    }
    assert_eq!(handles[1].version(&alice).await.unwrap(), ROUNDS);
    did(format_args!("{ROUNDS} rounds of {writers} writers, {} appends", ROUNDS * writers as u64));
}

pub(super) async fn j08_of_two_writers_that_each_check_the_others_stream_at_most_one_wins<H: Harness>(place: H) {
    let handles = open_twice(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let (mut of_alice, mut of_bob, mut lost) = (0, 0, 0);
    for round in 0..ROUNDS {
        let on = |written, checked, (at, unchanged): (u64, u64)| Append {
            streams: vec![
                part(written, ExpectedVersion::Exact(at), events(1)),
                part(checked, ExpectedVersion::Exact(unchanged), Vec::new()),
            ],
        };
        let appends = vec![on(&alice, &bob, (of_alice, of_bob)), on(&bob, &alice, (of_bob, of_alice))];
        let mut won = [false, false];
        for (answer, won) in at_once(&handles, appends).await.into_iter().zip(&mut won) {
            match answer {
                Ok(_) => *won = true,
                Err(AppendError::Conflict { .. }) => lost += 1,
                Err(other) => panic!("a writer that raced in round {round} got: {other}"),
            }
        }
        assert_ne!(won[0], won[1], "round {round}: each wrote on what the other had changed, or none could write");
        of_alice += u64::from(won[0]);
        of_bob += u64::from(won[1]);
    }
    let versions = (handles[0].version(&alice).await.unwrap(), handles[0].version(&bob).await.unwrap());
    assert_eq!(versions, (of_alice, of_bob));
    did(format_args!("{ROUNDS} rounds, {lost} conflicts"));
}

pub(super) async fn j09_of_identical_appends_at_one_moment_one_is_written_and_all_are_answered_alike<H: Harness>(
    place: H,
) {
    let handles = open_twice(&place).await;
    for round in 0..ROUNDS {
        let (alice, bob) = (account(&format!("alice {round}")), account(&format!("bob {round}")));
        let append = Append {
            streams: vec![
                part(&alice, ExpectedVersion::NoStream, events(2)),
                part(&bob, ExpectedVersion::Any, events(1)),
            ],
        };
        let answers = at_once(&handles, vec![append; 8]).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("a repeat is no conflict")).collect();
        let written = answers.iter().filter(|answer| !answer.repeated).count();
        assert_eq!(written, 1, "of 8 identical appends {written} say that they wrote the events");
        for answer in &answers {
            assert_eq!(
                Appended { repeated: true, ..answer.clone() },
                Appended { repeated: true, ..answers[0].clone() }
            );
        }
        assert_eq!((of_stream(&handles[0], &alice).await.len(), of_stream(&handles[0], &bob).await.len()), (2, 1));
    }
    did(format_args!("{ROUNDS} rounds, {} appends", ROUNDS * 8));
}
