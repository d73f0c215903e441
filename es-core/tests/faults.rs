//! Random commands, by a printed seed, on a journal that fails, loses answers and lets others in between: every
//! acknowledged command is in the journal once, every refused one not at all.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::faulty::{Fault, FaultyStore};
use common::{Account, AccountEvent, Decrease, Increase, IncreaseTwice};
use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, NewEvent};

/// `SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// How often the amount of a command may stand in the journal.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Acknowledged(usize),
    Refused,
    Unknown(usize),
}

const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Default, Debug)]
struct Totals {
    acknowledged: u64,
    refused: u64,
    unknown: u64,
    dropped: u64,
    repeated: u64,
}

/// Polls a future at most `polls` times: the journal never makes it wait for someone else.
fn poll<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

fn now<F: Future>(future: F) -> F::Output {
    poll(future, 10_000).expect("nothing in this test waits for long")
}

/// The events of a command, and the version of the last of them.
type Answer = (Vec<AccountEvent>, u64);

struct Run {
    random: Random,
    store: FaultyStore,
    programs: Vec<Repository<Account, FaultyStore>>,
    /// The fate of each amount paid in; no two commands pay in the same.
    fates: BTreeMap<u64, Fate>,
    /// What each command id did, as far as that is known.
    answers: Vec<(CommandId, &'static str, u64, Option<Answer>)>,
    amount: u64,
    totals: Totals,
}

impl Run {
    fn new(seed: u64) -> Self {
        let store = FaultyStore::new();
        let retry = Retry { attempts: 4, wait: Duration::ZERO, longest_wait: Duration::ZERO };
        let tireless = Patience { wait: Duration::ZERO, longest_wait: Duration::ZERO, total: Duration::MAX };
        let program = |patience| Repository::builder(&store).retry(retry).patience(patience).build();
        Self {
            random: Random(seed),
            programs: [tireless, Patience::NONE].map(program).into(),
            store,
            fates: BTreeMap::new(),
            answers: Vec::new(),
            amount: 0,
            totals: Totals::default(),
        }
    }

    fn next_amount(&mut self) -> u64 {
        self.amount += 1;
        self.amount
    }

    fn fault(&mut self, account: &str) -> Fault {
        match self.random.below(11) {
            0 => Fault::Fail,
            10 => Fault::Busy,
            1 => Fault::LoseAnswer,
            2 => Fault::LoseRequest,
            3 => {
                let by = self.next_amount();
                self.fates.insert(by, Fate::Unknown(1));
                let event = NewEvent {
                    id: EventId::new(),
                    name: "increased".into(),
                    version: 1,
                    format: "json".into(),
                    payload: format!("{{\"by\":{by}}}").into(),
                    metadata: std::sync::Arc::default(),
                };
                let stream = StreamId::new("account", account).unwrap();
                Fault::Overtake(Append::to_stream(stream, ExpectedVersion::Any, vec![event]))
            }
            _ => Fault::None,
        }
    }

    fn step(&mut self) {
        let account = ACCOUNTS[usize::try_from(self.random.below(3)).unwrap()];
        let appends: Vec<_> = (0..self.random.below(4)).map(|_| self.fault(account)).collect();
        self.store.will_append(appends);
        let reads = self.random.below(8);
        self.store.will_read((0..reads.saturating_sub(5)).map(|_| Fault::None));
        if reads == 7 {
            let fault = if self.random.below(2) == 0 { Fault::Fail } else { Fault::Busy };
            self.store.will_read([fault]);
        }
        match self.random.below(8) {
            0 => self.withdraw(account),
            1 if !self.answers.is_empty() => self.repeat(),
            _ => self.pay_in(account),
        }
        // What was not used up must not hit the checks.
        self.store.appends.lock().unwrap().clear();
        self.store.reads.lock().unwrap().clear();
    }

    fn program(&mut self) -> Repository<Account, FaultyStore> {
        self.programs[usize::try_from(self.random.below(2)).unwrap()].clone()
    }

    fn pay_in(&mut self, account: &'static str) {
        let by = self.next_amount();
        let twice = self.random.below(4) == 0;
        let mut command = if twice {
            self.program().execute(account, IncreaseTwice { by })
        } else {
            self.program().execute(account, Increase { by })
        };
        let events = if twice { 2 } else { 1 };
        let id = (self.random.below(2) == 0).then(CommandId::new);
        if let Some(id) = id {
            command = command.command_id(id);
        }
        let polls = if self.random.below(8) == 0 { self.random.below(12) } else { 10_000 };
        let outcome = poll(command.into_future(), polls);
        let answer = outcome.as_ref().and_then(|outcome| outcome.as_ref().ok());
        if let Some(id) = id {
            self.answers.push((id, account, by, answer.map(|outcome| (outcome.events.clone(), outcome.version))));
        }
        let fate = match outcome {
            Some(Ok(outcome)) => {
                assert_eq!(outcome.events.len(), events);
                self.totals.acknowledged += 1;
                Fate::Acknowledged(events)
            }
            Some(Err(ExecuteError::Unknown { .. })) => {
                self.totals.unknown += 1;
                Fate::Unknown(events)
            }
            Some(Err(_)) => {
                self.totals.refused += 1;
                Fate::Refused
            }
            None => {
                self.totals.dropped += 1;
                Fate::Unknown(events)
            }
        };
        self.fates.insert(by, fate);
    }

    fn withdraw(&mut self, account: &str) {
        // More than there is: refused, if it is decided on the right state; or what is there.
        let balance = self.balance(account);
        let result = now(self.program().execute(account, Decrease { by: balance + 1_000_000 }).into_future());
        assert!(result.is_err(), "paid out more than there was: {result:?}");
    }

    /// A command id once more: what was acknowledged stays as it was, what was not is found out.
    fn repeat(&mut self) {
        let index = usize::try_from(self.random.below(self.answers.len() as u64)).unwrap();
        let (id, account, by, answer) = self.answers[index].clone();
        let events = match self.fates[&by] {
            Fate::Acknowledged(events) | Fate::Unknown(events) => events,
            Fate::Refused => return,
        };
        let command = self.program().execute(account, Increase { by }).command_id(id);
        let Ok(outcome) = now(command.into_future()) else { return self.give_up(by, events) };
        if let Some((events, version)) = &answer {
            assert_eq!((&outcome.events, outcome.version), (events, *version), "another answer to the same command");
        }
        self.totals.repeated += 1;
        self.fates.insert(by, Fate::Acknowledged(outcome.events.len()));
        self.answers[index].3 = Some((outcome.events, outcome.version));
    }

    /// A repeat that failed leaves what was known before; a command that was not done may now be, with one event.
    fn give_up(&mut self, by: u64, events: usize) {
        if let Fate::Unknown(_) = self.fates[&by] {
            self.fates.insert(by, Fate::Unknown(events));
        }
    }

    fn amounts(&self, account: &str) -> Vec<(String, u64)> {
        let stream = StreamId::new("account", account).unwrap();
        let page = now(self.store.read_stream(&stream, 1..=u64::MAX, es_core::PageSize::default())).unwrap();
        let amounts = page.iter().map(|raw| {
            let text = std::str::from_utf8(raw.payload.bytes).unwrap();
            (raw.name.to_owned(), text.trim_start_matches("{\"by\":").trim_end_matches('}').parse().unwrap())
        });
        amounts.collect()
    }

    fn balance(&self, account: &str) -> u64 {
        self.store.reads.lock().unwrap().clear();
        self.amounts(account).iter().fold(0, |sum, (name, by)| if name == "increased" { sum + by } else { sum - by })
    }

    fn check(&mut self) {
        let mut counts = BTreeMap::<u64, usize>::new();
        for account in ACCOUNTS {
            for (name, by) in self.amounts(account) {
                assert_eq!(name, "increased");
                *counts.entry(by).or_default() += 1;
            }
            let balance = self.balance(account);
            for program in &self.programs {
                assert_eq!(now(program.load(account).into_future()).unwrap().state.balance, balance);
            }
        }
        for (by, fate) in &self.fates {
            let count = counts.remove(by).unwrap_or(0);
            let right = match *fate {
                Fate::Acknowledged(events) => count == events,
                Fate::Refused => count == 0,
                // A unit that is known by its id may have been decided anew, with one event, by a repeat.
                Fate::Unknown(events) => count == 0 || count == events || count == 1,
            };
            assert!(right, "amount {by} is {count} times in the journal, and was {fate:?}");
        }
        assert!(counts.is_empty(), "in the journal, but never asked for: {counts:?}");
    }
}

#[test]
fn random_commands_on_a_faulty_journal_are_done_once_or_refused() {
    let soak = std::env::var_os("ES_SOAK").is_some();
    let seeds = if soak { 1_000_000 } else { 10_000 };
    let first: u64 = match std::env::var("ES_SEED") {
        Ok(seed) => seed.parse().expect("ES_SEED is a number"),
        Err(_) => u64::from_be_bytes(EventId::new().as_bytes()[8..].try_into().unwrap()),
    };
    println!("{seeds} runs from seed {first}: ES_SEED={first} repeats them");
    let mut totals = Totals::default();
    for seed in 0..seeds {
        let seed = first.wrapping_add(seed);
        let result = std::panic::catch_unwind(|| {
            let mut run = Run::new(seed);
            (0..200).for_each(|_| run.step());
            run.check();
            run.totals
        });
        let Ok(run) = result else { panic!("ES_SEED={seed} fails") };
        totals.acknowledged += run.acknowledged;
        totals.refused += run.refused;
        totals.unknown += run.unknown;
        totals.dropped += run.dropped;
        totals.repeated += run.repeated;
    }
    println!("{totals:?}");
    assert!(totals.acknowledged > 0 && totals.refused > 0 && totals.unknown > 0 && totals.dropped > 0);
}
