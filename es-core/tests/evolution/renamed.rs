//! Events under older names, and retired ones that became none, one or several: through everything that reads.

use std::collections::BTreeMap;

use es_core::prelude::*;
use es_core::testing::{Scenario, assert_decodes, decode, kinds};
use es_core::{PageSize, Retry};
use serde::{Deserialize, Serialize};

use crate::{Store, append, open};

#[derive(Command, Debug, Clone)]
pub struct Withdraw {
    pub amount: i64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited", version = 2, aliases("paid in", "einzahlung"))]
pub struct Deposited {
    #[event(renamed(from = value, since = 2))]
    pub amount: i64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "withdrawn", aliases("taken out"))]
pub struct Withdrawn {
    pub amount: i64,
}

/// Became a withdrawal and a deposit; nothing where both are 0; one where one is.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "exchanged", version = 3, aliases("swapped"))]
pub struct Exchanged {
    #[event(renamed(from = given, since = 2))]
    pub out: i64,
    #[event(added(default = 0, since = 3))]
    pub back: i64,
}

/// Became nothing.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "looked at")]
pub struct LookedAt;

#[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Withdraw),
    events(Deposited, Withdrawn),
    retired(Exchanged, LookedAt),
    error = std::convert::Infallible,
    snapshot(every = 2)
)]
pub struct Account {
    #[apply(Deposited => self.balance + event.amount)]
    #[apply(Withdrawn => self.balance - event.amount)]
    pub balance: i64,
    #[apply(Deposited => self.events + 1)]
    #[apply(Withdrawn => self.events + 1)]
    pub events: u32,
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw, _: &Context) -> Decision<Self> {
        accept(Withdrawn { amount: command.amount })
    }
}

impl Retire<Exchanged> for Account {
    fn retire(event: Exchanged) -> Events<Self> {
        let some = |amount| (amount != 0).then_some(amount);
        Events::from((
            some(event.out).map(|amount| Withdrawn { amount }),
            some(event.back).map(|amount| Deposited { amount }),
        ))
    }
}

impl Retire<LookedAt> for Account {
    fn retire(_: LookedAt) -> Events<Self> {
        Events::none()
    }
}

/// What was paid in, with each event's version in the journal and index there.
#[derive(Projection, Debug, Default)]
#[projection(name = "deposits", in_memory, events(Deposited))]
pub struct Deposits(pub Vec<(u64, u32, i64)>);

impl Project<Deposited> for Deposits {
    async fn project(&mut self, recorded: &Recorded<Deposited>, (): &mut ()) -> Projected {
        self.0.push((recorded.version, recorded.index, recorded.event.amount));
        Ok(())
    }
}

/// All of it, in batches.
#[derive(Projection, Debug, Default)]
#[projection(name = "lines", in_memory, batch, events(Deposited, Withdrawn))]
pub struct Lines(pub Vec<(u64, u32, i64)>);

impl ProjectBatch for Lines {
    async fn project_batch(&mut self, events: &[Recorded<LinesEvent>], (): &mut ()) -> Projected {
        self.0.extend(events.iter().map(|recorded| {
            let amount = match &recorded.event {
                LinesEvent::Deposited(event) => event.amount,
                LinesEvent::Withdrawn(event) => -event.amount,
            };
            (recorded.version, recorded.index, amount)
        }));
        Ok(())
    }
}

/// A journal of many releases: name, version and payload, and the amounts of what it is today.
const JOURNAL: &[(&str, u32, &str, &[i64])] = &[
    ("einzahlung", 1, r#"{"value":100}"#, &[100]),
    ("paid in", 1, r#"{"value":10}"#, &[10]),
    ("paid in", 2, r#"{"amount":20}"#, &[20]),
    ("looked at", 1, "null", &[]),
    ("exchanged", 1, r#"{"given":5}"#, &[-5]),
    ("swapped", 2, r#"{"out":0}"#, &[]),
    ("exchanged", 3, r#"{"out":7,"back":6}"#, &[-7, 6]),
    ("swapped", 3, r#"{"out":0,"back":9}"#, &[9]),
    ("deposited", 2, r#"{"amount":30}"#, &[30]),
    ("taken out", 1, r#"{"amount":40}"#, &[-40]),
    ("swapped", 3, r#"{"out":1,"back":2}"#, &[-1, 2]),
];

async fn journal() -> (impl Sized, Store) {
    let (place, store) = open().await;
    for (name, version, payload, _) in JOURNAL {
        append(&store, name, *version, payload.as_bytes()).await;
    }
    (place, store)
}

/// Each event of today: the version in the journal, the index there, the amount.
fn lines() -> Vec<(u64, u32, i64)> {
    let numbered = (1..).zip(JOURNAL);
    numbered
        .flat_map(|(version, (.., today))| (0..).zip(*today).map(move |(index, by)| (version, index, *by)))
        .collect()
}

fn balance(lines: &[(u64, u32, i64)], version: u64) -> i64 {
    lines.iter().filter(|line| line.0 <= version).map(|line| line.2).sum()
}

fn amount(event: &AccountEvent) -> i64 {
    match event {
        AccountEvent::Deposited(event) => event.amount,
        AccountEvent::Withdrawn(event) => -event.amount,
    }
}

#[tokio::test]
async fn the_repository_reads_them_at_each_version() {
    let (_place, store) = journal().await;
    let (lines, last) = (lines(), JOURNAL.len() as u64);
    // Without a snapshot, and from each that there may be.
    for _ in 0..=last {
        for version in 0..=last {
            let loaded = Repository::<Account, _>::new(&store).load("alice").at_version(version).await.unwrap();
            let events = lines.iter().filter(|line| line.0 <= version).count();
            assert_eq!(
                (loaded.state.balance, loaded.state.events as usize, loaded.version),
                (balance(&lines, version), events, version)
            );
        }
        Repository::<Account, _>::new(&store).snapshot("alice").await.unwrap();
    }
    let accounts = Repository::<Account, _>::new(&store);
    let outcome = accounts.execute("alice", Withdraw { amount: 1 }).await.unwrap();
    assert_eq!((outcome.version, outcome.state.balance), (last + 1, balance(&lines, last) - 1));
    assert_eq!(outcome.events, [Withdrawn { amount: 1 }.into()]);
    assert_decodes::<Account>(&store).await;
}

#[tokio::test]
async fn time_travel_stops_at_what_was_recorded() {
    let (_place, store) = journal().await;
    let accounts = Repository::<Account, _>::new(&store);
    let lines = lines();
    for recorded in accounts.history("alice").await.unwrap() {
        let then = accounts.load("alice").as_of(recorded.recorded_at).await.unwrap();
        assert!(then.version >= recorded.version);
        assert_eq!(then.state.balance, balance(&lines, then.version), "never half of an event that became two");
    }
}

#[tokio::test]
async fn the_history_shows_what_they_are_today_with_an_index() {
    let (_place, store) = journal().await;
    let accounts = Repository::<Account, _>::new(&store);
    let line = |recorded: &Recorded<AccountEvent>| (recorded.version, recorded.index, amount(&recorded.event));
    let history = accounts.history("alice").await.unwrap();
    assert_eq!(history.iter().map(line).collect::<Vec<_>>(), lines());
    let two: Vec<_> = history.iter().filter(|recorded| recorded.version == 7).collect();
    assert_eq!((two[0].id, two[0].position), (two[1].id, two[1].position), "one event in the journal");

    // A page never ends between the two, and an event that became nothing is no end.
    for size in 1..=4 {
        let mut pages = accounts.history("alice").pages().size(PageSize::events(size));
        let mut read = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            read.extend(page.iter().map(line));
        }
        assert_eq!(read, lines(), "pages of {size}");
    }
    let part = accounts.history("alice").from_version(6).to_version(7).await.unwrap();
    assert_eq!(part.iter().map(line).collect::<Vec<_>>(), [(7, 0, -7), (7, 1, 6)]);
}

#[tokio::test]
async fn projections_ask_for_all_names_and_see_what_they_are_today() {
    let (_place, store) = journal().await;
    let mut deposits = Projector::in_memory(&store, Deposits::default()).retry(Retry::NEVER);
    deposits.run_to_head().await.unwrap();
    let expected: Vec<_> = lines().into_iter().filter(|line| line.2 > 0).collect();
    assert_eq!(deposits.handle().view().await.0, expected);

    let mut all = Projector::in_memory(&store, Lines::default()).retry(Retry::NEVER);
    all.run_to_head().await.unwrap();
    assert_eq!(all.handle().view().await.0, lines());

    // What follows live is given out in the same way.
    let live = Projector::in_memory(&store, Lines::default()).spawn();
    live.wait_for(store.head().await.unwrap()).await.unwrap();
    append(&store, "swapped", 3, br#"{"out":3,"back":4}"#).await;
    append(&store, "looked at", 1, b"null").await;
    live.wait_for(store.head().await.unwrap()).await.unwrap();
    let next = JOURNAL.len() as u64 + 1;
    let seen = live.view().await.0.clone();
    assert_eq!(seen[lines().len()..], [(next, 0, -3), (next, 1, 4)]);
    live.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_journal_holds_is_counted_by_name_version_and_format() {
    let (_place, store) = journal().await;
    let kinds: Vec<String> = kinds(&store).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        kinds,
        [
            "1 x `deposited` version 2 of `account` in json, positions 9 to 9",
            "1 x `einzahlung` version 1 of `account` in json, positions 1 to 1",
            "1 x `exchanged` version 1 of `account` in json, positions 5 to 5",
            "1 x `exchanged` version 3 of `account` in json, positions 7 to 7",
            "1 x `looked at` version 1 of `account` in json, positions 4 to 4",
            "1 x `paid in` version 1 of `account` in json, positions 2 to 2",
            "1 x `paid in` version 2 of `account` in json, positions 3 to 3",
            "1 x `swapped` version 2 of `account` in json, positions 6 to 6",
            "2 x `swapped` version 3 of `account` in json, positions 8 to 11",
            "1 x `taken out` version 1 of `account` in json, positions 10 to 10",
        ]
    );
}

/// A repeated command finds its events by the versions that they have in the journal.
#[tokio::test]
async fn a_repeated_command_after_them_is_answered_as_the_first_time() {
    let (_place, store) = journal().await;
    let id = CommandId::new();
    let execute = || Repository::<Account, _>::new(&store).execute("alice", Withdraw { amount: 1 }).command_id(id);
    let first = execute().await.unwrap();
    append(&store, "swapped", 3, br#"{"out":3,"back":4}"#).await;
    let again = execute().await.unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.events, again.version, again.state), (first.events, first.version, first.state));
}

#[test]
fn tests_read_them_too() {
    for (name, version, payload, today) in JOURNAL {
        let events = decode::<Account>(name, *version, payload.as_bytes()).unwrap();
        assert_eq!(events.iter().map(amount).collect::<Vec<_>>(), *today, "{name} version {version}");
    }
    let given = JOURNAL
        .iter()
        .flat_map(|(name, version, payload, _)| decode::<Account>(name, *version, payload.as_bytes()).unwrap());
    let balance = balance(&lines(), u64::MAX);
    Scenario::<Account>::given(given.collect::<Vec<_>>())
        .when(Withdraw { amount: 1 })
        .then(Withdrawn { amount: 1 })
        .then_state(Account { balance: balance - 1, events: u32::try_from(lines().len()).unwrap() + 1 });
    let names: BTreeMap<_, _> = Account::model().recorded_events().map(|event| (event.name, event.aliases)).collect();
    assert_eq!(names["exchanged"], ["swapped"]);
}
