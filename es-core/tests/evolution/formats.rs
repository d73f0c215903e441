//! A journal that holds events of several formats, and programs that write one or the other.

use std::sync::Arc;

use es_core::prelude::*;
use es_core::testing::{Scenario, check_decodes};
use es_core::{Also, BoxError, ExecuteError, LoadError, Postcard, ProjectorError, Retry, SnapshotStore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Store, open};

/// A format of the user's own: JSON with each byte turned round.
pub struct Inverted;

impl Codec for Inverted {
    const FORMAT: &'static str = "inverted";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        bytes.extend(serde_json::to_vec(value)?.iter().map(|byte| !byte));
        Ok(())
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        let json: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        Ok(serde_json::from_slice(&json)?)
    }
}

/// A format that comes after it.
pub struct Lines;

impl Codec for Lines {
    const FORMAT: &'static str = "lines";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        Ok(serde_json::to_writer_pretty(bytes, value)?)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[derive(Command, Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased")]
pub struct Increased {
    pub by: u64,
    pub note: Option<String>,
}

/// What became an increase by each of the two.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "doubled")]
pub struct Doubled(u64, u64);

/// The account, as a program with this codec has it; and a view of it.
macro_rules! account {
    ($account:ident, $event:ident, $view:ident, $codec:ty) => {
        #[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
        #[aggregate(name = "account", commands(Increase), events(Increased), retired(Doubled))]
        #[aggregate(error = std::convert::Infallible, codec = $codec, snapshot(every = 100))]
        pub struct $account {
            #[apply(Increased => self.balance + event.by)]
            pub balance: u64,
        }

        impl Handle<Increase> for $account {
            fn handle(&self, command: Increase, context: &Context) -> Decision<Self> {
                accept(Increased { by: command.by, note: context.actor().map(str::to_owned) })
            }
        }

        impl Retire<Doubled> for $account {
            fn retire(event: Doubled) -> Events<Self> {
                Events::from([event.0, event.1].map(|by| Increased { by, note: None }))
            }
        }

        #[derive(Projection, Debug, Default)]
        #[projection(in_memory, events(Increased of $account))]
        pub struct $view {
            pub sum: u64,
        }

        impl Project<Increased> for $view {
            async fn project(&mut self, recorded: &Recorded<Increased>, (): &mut ()) -> Projected {
                self.sum += recorded.event.by;
                Ok(())
            }
        }

        impl Program for $account {
            fn balance(&self) -> u64 {
                self.balance
            }

            fn amount(event: &$event) -> u64 {
                let $event::Increased(event) = event;
                event.by
            }

            async fn view(store: &Store) -> Result<u64, ProjectorError> {
                let mut projector = Projector::in_memory(store, $view::default()).retry(Retry::NEVER);
                projector.run_to_head().await?;
                Ok(projector.handle().view().await.sum)
            }
        }
    };
}

account!(InJson, InJsonEvent, JsonView, Json);
account!(InPostcard, InPostcardEvent, PostcardView, Postcard);
account!(InInverted, InInvertedEvent, InvertedView, Inverted);
account!(JsonAfterInverted, JsonAfterInvertedEvent, JsonAfterInvertedView, Also<Json, Inverted>);
account!(Newest, NewestEvent, NewestView, Also<Also<Postcard, Lines>, Inverted>);

/// What the tests ask of each program.
trait Program: Aggregate<Id = String, Command: From<Increase>> {
    fn balance(&self) -> u64;
    fn amount(event: &Self::Event) -> u64;
    async fn view(store: &Store) -> Result<u64, ProjectorError>;
}

async fn pay_in<A: Program>(store: &Store, by: u64) -> u64 {
    Repository::<A, _>::new(store).execute("alice", Increase { by }).await.unwrap().version
}

/// Each way to read the account of alice gives these amounts.
async fn reads<A: Program>(store: &Store, amounts: &[u64]) {
    let total = amounts.iter().sum::<u64>();
    let accounts = Repository::<A, _>::new(store);
    assert_eq!(accounts.load("alice").await.unwrap().state.balance(), total);
    for version in 0..=amounts.len() {
        let then = accounts.load("alice").at_version(version as u64).await.unwrap();
        assert_eq!(then.state.balance(), amounts[..version].iter().sum::<u64>());
    }
    assert_eq!(accounts.load("alice").as_of(Timestamp::now()).await.unwrap().state.balance(), total);
    let history = accounts.history("alice").await.unwrap();
    let history: Vec<u64> = history.iter().map(|recorded| A::amount(&recorded.event)).collect();
    assert_eq!(history, amounts);
    assert_eq!(A::view(store).await.unwrap(), total);
    let report = check_decodes::<A>(store).await.unwrap();
    assert!(report.is_ok(), "{report}");
}

#[tokio::test]
async fn a_program_that_changes_its_mind_reads_both_formats() {
    let (_place, store) = open().await;
    let mut amounts = Vec::new();
    for by in 1..=10 {
        let version =
            if by % 2 == 0 { pay_in::<InJson>(&store, by).await } else { pay_in::<InPostcard>(&store, by).await };
        assert_eq!(version, by);
        amounts.push(by);
    }
    reads::<InJson>(&store, &amounts).await;
    reads::<InPostcard>(&store, &amounts).await;
    reads::<InInverted>(&store, &amounts).await;
}

#[tokio::test]
async fn a_format_of_ones_own_is_read_as_long_as_the_codec_says_so() {
    let (_place, store) = open().await;
    pay_in::<InJson>(&store, 1).await;
    pay_in::<InInverted>(&store, 2).await;
    pay_in::<JsonAfterInverted>(&store, 3).await;
    reads::<InInverted>(&store, &[1, 2, 3]).await;
    reads::<JsonAfterInverted>(&store, &[1, 2, 3]).await;
    pay_in::<Newest>(&store, 4).await;
    reads::<Newest>(&store, &[1, 2, 3, 4]).await;
    reads::<JsonAfterInverted>(&store, &[1, 2, 3, 4]).await;

    // A program that does not know the format stops there, wherever it reads.
    let accounts = Repository::<InJson, _>::new(&store);
    let message = "cannot read event 2 of `account/alice` at position 2: event `increased` version 1 is not what it \
                   should be: its format is `inverted`, but this program reads only `json` and `postcard`";
    assert_eq!(accounts.load("alice").await.unwrap_err().to_string(), message);
    assert_eq!(accounts.load("alice").at_version(1).await.unwrap().state.balance, 1);
    assert_eq!(accounts.load("alice").at_version(2).await.unwrap_err().to_string(), message);
    assert_eq!(accounts.load("alice").as_of(Timestamp::now()).await.unwrap_err().to_string(), message);
    assert_eq!(accounts.history("alice").await.unwrap_err().to_string(), message);
    let error = accounts.execute("alice", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::Decode(error) if error.to_string() == message), "{error}");
    let error = InJson::view(&store).await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { version: 2, .. }), "{error}");
    assert!(error.to_string().contains("its format is `inverted`"), "{error}");
    let report = check_decodes::<InJson>(&store).await.unwrap();
    assert_eq!((report.events, report.unreadable.len(), report.unreadable[0].events), (4, 1, 1));
    assert_eq!(store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), 4, "nothing was written");
}

#[tokio::test]
async fn a_retired_event_is_read_in_any_format() {
    let (_place, store) = open().await;
    for (format, payload) in
        [("json", b"[1,2]".to_vec()), ("postcard", vec![3, 4]), ("inverted", b"[5,6]".map(|byte| !byte).to_vec())]
    {
        append(&store, "doubled", format, payload).await;
    }
    let accounts = Repository::<JsonAfterInverted, _>::new(&store);
    let loaded = accounts.load("alice").await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version), (21, 3));
    let places: Vec<_> = accounts.history("alice").await.unwrap().iter().map(|it| (it.version, it.index)).collect();
    assert_eq!(places, [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]);
    assert_eq!(JsonAfterInverted::view(&store).await.unwrap(), 21);
}

#[tokio::test]
async fn a_snapshot_is_in_the_format_of_the_aggregate() {
    let (_place, store) = open().await;
    pay_in::<InPostcard>(&store, 7).await;
    let alice = StreamId::new("account", "alice").unwrap();
    for (format, shape) in [("json", InJson::state_shape()), ("postcard", InPostcard::state_shape())] {
        let format = format!("{format}:{shape:016x}");
        assert!(store.load_snapshot(&alice, 9, &format).await.unwrap().is_none());
    }
    Repository::<InPostcard, _>::new(&store).snapshot("alice").await.unwrap();
    let format = format!("postcard:{:016x}", InPostcard::state_shape());
    let snapshot = store.load_snapshot(&alice, 9, &format).await.unwrap().unwrap();
    assert_eq!(snapshot.payload[0], 7, "one byte, and the checksum");
    assert_eq!(snapshot.payload.len(), 9);
    pay_in::<InJson>(&store, 1).await;
    reads::<InPostcard>(&store, &[7, 1]).await;
    reads::<InJson>(&store, &[7, 1]).await;
    Repository::<InJson, _>::new(&store).snapshot("alice").await.unwrap();
    pay_in::<InPostcard>(&store, 2).await;
    reads::<InPostcard>(&store, &[7, 1, 2]).await;
    reads::<InJson>(&store, &[7, 1, 2]).await;
}

#[tokio::test]
async fn damage_in_a_binary_event_is_an_error_that_says_where() {
    for (payload, says) in [
        (vec![], "Hit the end of buffer, expected more data"),
        (vec![7], "Hit the end of buffer, expected more data"),
        (vec![7, 2], "Found an Option discriminant that wasn't 0 or 1"),
        (vec![7, 1, 200, 1, b'a'], "Hit the end of buffer, expected more data"),
        (vec![7, 1, 2, 0xff, 0xfe], "Tried to parse invalid utf-8"),
        (vec![7, 0, 0], "1 bytes are left at the end"),
        (vec![0xff; 12], "Found a varint that didn't terminate"),
    ] {
        let (_place, store) = open().await;
        append(&store, "increased", "postcard", payload.clone()).await;
        let error = Repository::<InPostcard, _>::new(&store).load("alice").await.unwrap_err();
        let LoadError::Decode(error) = error else { panic!("{error}") };
        let message = error.to_string();
        let place = "cannot read event 1 of `account/alice` at position 1: event `increased` version 1 is not what it \
                     should be: its postcard does not read: ";
        assert!(message.starts_with(place) && message.contains(says), "{payload:?}: {message}");
    }
}

#[test]
fn a_scenario_writes_and_reads_in_the_format_of_the_aggregate() {
    Scenario::<InPostcard>::given(Increased { by: 1, note: None })
        .by("teller-7")
        .when(Increase { by: 2 })
        .then(Increased { by: 2, note: Some("teller-7".to_owned()) })
        .then_state(InPostcard { balance: 3 });
}

/// Appends what a program of another release wrote.
async fn append(store: &Store, name: &'static str, format: &'static str, payload: Vec<u8>) {
    let event = es_core::NewEvent {
        id: EventId::new(),
        name: name.into(),
        version: 1,
        format: format.into(),
        payload,
        metadata: Arc::default(),
    };
    let alice = StreamId::new("account", "alice").unwrap();
    let append = es_core::Append::to_stream(alice, es_core::ExpectedVersion::Any, vec![event]);
    let appended: Result<_, es_core::AppendError> = store.append(append).await;
    appended.unwrap();
}
