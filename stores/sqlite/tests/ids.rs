//! Events are found by their ids, and commands by theirs, whatever these are and wherever they stand.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use common::{Random, account, check_ids, event, place, to};
use es_core::{Append, AppendError, CommandId, EventId, ExpectedVersion, Journal, Metadata, NewEvent, StreamId};
use es_sqlite::{Durability, SqliteStore};
use rusqlite::Connection;

/// An id like those of programs, or one that is not like them at all.
fn id(random: &mut Random) -> [u8; 16] {
    let mut bytes = *EventId::new().as_bytes();
    match random.below(6) {
        0 => bytes = (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes(),
        1 => bytes = u128::from(random.below(1 << 40)).to_be_bytes(),
        // A clock that is years ahead.
        2 => bytes[1] = bytes[1].wrapping_add(3),
        // Nearly the same as all others of its kind.
        3 => {
            bytes = [7; 16];
            bytes[8..12].copy_from_slice(&random.next().to_le_bytes()[..4]);
        }
        _ => {}
    }
    bytes
}

/// An append of up to 20 events of a command, to one of a few streams.
fn some_append(random: &mut Random) -> (StreamId, Append, CommandId) {
    let stream = account(&random.below(5).to_string());
    let command_id = CommandId::from_bytes(id(random));
    let metadata = Arc::new(Metadata { command_id: Some(command_id), ..Metadata::default() });
    let events = (0..=random.below(20)).map(|_| NewEvent {
        id: EventId::from_bytes(id(random)),
        metadata: Arc::clone(&metadata),
        ..event("1")
    });
    let events = events.collect();
    (stream.clone(), to(&stream, ExpectedVersion::Any, events), command_id)
}

#[tokio::test]
async fn what_is_there_is_found_by_two_programs_that_write_in_turn() {
    let (_folder, path) = place();
    let mut random = Random::new();
    let programs = [SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap()];
    let mut commands = BTreeMap::<(StreamId, CommandId), RangeInclusive<u64>>::new();
    let mut appends = Vec::new();
    for _ in 0..150 {
        let (stream, append, command) = some_append(&mut random);
        let program = &programs[usize::from(random.below(4) == 0)];
        let appended = program.append(append.clone()).await.unwrap();
        assert!(!appended.repeated);
        commands.insert((stream, command), appended.streams[0].versions.clone().unwrap());
        appends.push((append, appended));
        let again = &appends[usize::try_from(random.below(appends.len() as u64)).unwrap()];
        check_again(&programs[usize::from(random.below(2) == 0)], again).await;
    }
    programs[0].close().await;
    let again = SqliteStore::open(&path).await.unwrap();
    for store in [&programs[1], &again] {
        for append in &appends {
            check_again(store, append).await;
        }
        for ((stream, command), versions) in &commands {
            assert_eq!(store.find_command(stream, *command).await.unwrap().as_ref(), Some(versions), "{command}");
            assert_eq!(store.find_command(&account("other"), *command).await.unwrap(), None);
        }
        assert_eq!(store.find_command(&account("1"), CommandId::new()).await.unwrap(), None);
    }
    check_ids(&Connection::open(&path).unwrap());
}

/// Appends once more what was appended, and a part of it elsewhere.
async fn check_again(store: &SqliteStore, (append, appended): &(Append, es_core::Appended)) {
    let repeated = store.append(append.clone()).await.unwrap();
    assert!(repeated.repeated);
    assert_eq!((&repeated.streams, repeated.position), (&appended.streams, appended.position));
    let double = append.streams[0].events.last().unwrap().clone();
    let events = vec![event("new"), double.clone()];
    let error = store.append(to(&account("elsewhere"), ExpectedVersion::Any, events)).await.unwrap_err();
    assert!(matches!(&error, AppendError::DuplicateEvent { id, .. } if *id == double.id), "{error}");
}

#[tokio::test]
async fn what_is_rolled_back_is_not_there() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let db = Connection::open(&path).unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.payload = '\"no\"' \
                  BEGIN SELECT RAISE(ABORT, 'no'); END";
    db.execute_batch(refuse).unwrap();
    // Each crosses the end of a block sooner or later, and is refused at its last event; others are committed with it.
    let (mut refused, mut taken) = (Vec::new(), Vec::new());
    for round in 0..20 {
        let last = event(if round % 2 == 0 { "\"no\"" } else { "1" });
        let events = (0..16).map(|_| event("1")).chain([last]).collect();
        let append = to(&account("alice"), ExpectedVersion::Any, events);
        let other = to(&account("bob"), ExpectedVersion::Any, vec![event("1")]);
        let (result, with_it) = tokio::join!(store.append(append.clone()), store.append(other.clone()));
        with_it.unwrap();
        taken.push(other);
        if round % 2 == 0 {
            result.unwrap_err();
            refused.push(append);
        } else {
            result.unwrap();
            taken.push(append);
        }
    }
    db.execute_batch("DROP TRIGGER refuse").unwrap();
    for append in refused {
        assert!(!store.append(append.clone()).await.unwrap().repeated);
        taken.push(append);
    }
    for append in taken {
        assert!(store.append(append).await.unwrap().repeated);
    }
    check_ids(&db);
}

#[tokio::test]
async fn ids_of_long_ago_are_found_and_such_as_were_made_then_are_new() {
    let (_folder, path) = place();
    let store = SqliteStore::builder().durability(Durability::Relaxed).open(&path).await.unwrap();
    // Each second id stays unused for now.
    let ids: Vec<_> = (0..40_000).map(|_| EventId::new()).collect();
    let some = |first: usize| -> Vec<_> {
        let ids = ids.iter().skip(first).step_by(2);
        ids.map(|id| NewEvent { id: *id, ..event("1") }).collect()
    };
    let (used, unused) = (some(0), some(1));
    for events in used.chunks(1_000) {
        store.append(to(&account("alice"), ExpectedVersion::Any, events.to_vec())).await.unwrap();
    }
    for (index, first) in (0..used.len()).step_by(1_000).enumerate() {
        let events = &used[first..first + 1_000];
        let again = store.append(to(&account("alice"), ExpectedVersion::Any, events.to_vec())).await.unwrap();
        assert!(again.repeated && again.position.number == first as u64 + 1_000);
        let new = unused[first..first + 10 + index].to_vec();
        assert!(!store.append(to(&account("bob"), ExpectedVersion::Any, new)).await.unwrap().repeated);
    }
    check_ids(&Connection::open(&path).unwrap());
}
