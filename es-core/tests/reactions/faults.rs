//! Random transfers, by a printed seed, on a journal and a store that fail and lose answers, by a reactor that is killed: each
//! command takes effect once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{MemoryStore, OnFailure};

use crate::domain::{AccountEvent, Bank, CONFIRM_WITHIN, Deposit, Progress, TransferEvent as T, Transfers, Withdraw};
use crate::faulty::{Fault, FaultyStore};
use crate::store::{Shelf, StoreFault};

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

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[usize::try_from(self.below(among.len() as u64)).unwrap()]
    }
}

const RETRY: Retry = Retry { attempts: 3, wait: Duration::from_millis(10), longest_wait: Duration::from_millis(100) };
const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Default, Debug)]
struct Totals {
    transfers: u64,
    completed: u64,
    declined: u64,
    refunded: u64,
    faults: u64,
    kills: u64,
    commands: u64,
}

type Running = tokio::task::JoinHandle<Result<(), ReactorError>>;

fn start(journal: &FaultyStore, store: &Shelf) -> Running {
    let reactor = Reactor::from_start(journal, store, Transfers).retry(RETRY).on_failure(OnFailure::Stop);
    tokio::spawn(reactor.run())
}

async fn run(seed: u64, steps: u64, totals: &mut Totals) {
    let mut random = Random(seed);
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let memory = MemoryStore::builder().clock(Arc::clone(&clock) as _).build();
    // What the world does works; the reactor sees the faults.
    let bank = Bank::on(&memory);
    let (journal, store) = (FaultyStore::on(memory.clone()), Shelf::default());
    let mut put_in = 0;
    let mut requested = Vec::new();
    let mut running = start(&journal, &store);
    for _ in 0..steps {
        match random.below(12) {
            0 => {
                let amount = 1 + random.below(600);
                if bank.accounts.execute(random.pick(&ACCOUNTS), Deposit { amount }).await.is_ok() {
                    put_in += amount;
                }
            }
            1 => {
                let amount = 1 + random.below(600);
                if bank.accounts.execute(random.pick(&ACCOUNTS), Withdraw { amount }).await.is_ok() {
                    put_in -= amount;
                }
            }
            2..=4 => {
                let id = format!("t{}", requested.len());
                let (from, to) = (random.pick(&ACCOUNTS), random.pick(&ACCOUNTS));
                bank.request(&id, from, to, 1 + random.below(800)).await;
                requested.push(id);
            }
            5 if !requested.is_empty() => {
                let at = usize::try_from(random.below(requested.len() as u64)).unwrap();
                // It may not be waiting for that.
                drop(bank.confirm(&requested[at]).await);
            }
            6 => clock.advance(CONFIRM_WITHIN / 3),
            7 => {
                let one = |of| match of {
                    0 => Fault::None,
                    1 => Fault::Fail,
                    2 => Fault::LoseAnswer,
                    _ => Fault::LoseRequest,
                };
                let faults: Vec<_> = (0..=random.below(3)).map(|_| one(random.below(4))).collect();
                totals.faults += faults.len() as u64;
                journal.will_append(faults);
            }
            8 => {
                let faults: Vec<_> = (0..=random.below(4)).map(|_| random.below(2)).collect();
                totals.faults += faults.len() as u64;
                journal.will_read(faults.iter().map(|fault| if *fault == 0 { Fault::None } else { Fault::Fail }));
            }
            9 => {
                let fault = random.pick(&[StoreFault::None, StoreFault::Fail, StoreFault::LoseAnswer]);
                store.faults.lock().unwrap().push_back(fault);
                totals.faults += 1;
            }
            10 => {
                running.abort();
                // It was killed, or had failed.
                drop(running.await);
                running = start(&journal, &store);
                totals.kills += 1;
            }
            _ => tokio::time::sleep(Duration::from_millis(random.below(300))).await,
        }
        for _ in 0..random.below(20) {
            tokio::task::yield_now().await;
        }
    }
    running.abort();
    drop(running.await);
    for faults in [&journal.appends, &journal.reads] {
        faults.lock().unwrap().clear();
    }
    store.faults.lock().unwrap().clear();
    let mut last = Reactor::from_start(&journal, &store, Transfers).retry(RETRY);
    for _ in 0..2 {
        last.run_until_idle().await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        clock.advance(CONFIRM_WITHIN);
    }
    check(&bank, &requested, put_in, totals).await.unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    let left = store.now();
    assert!(left.answers.is_empty() && left.timers.is_empty(), "seed {seed}: {:?}, {:?}", left.answers, left.timers);
}

/// Each transfer has come to its end by one way, and the accounts have what it says, once.
async fn check(bank: &Bank<MemoryStore>, requested: &[String], put_in: u64, totals: &mut Totals) -> Result<(), String> {
    let mut sent = BTreeMap::<String, Vec<AccountEvent>>::new();
    let mut sum = 0;
    for account in ACCOUNTS {
        sum += bank.balance(account).await;
        for recorded in bank.accounts.history(account).await.unwrap() {
            if recorded.metadata.actor.is_some() {
                totals.commands += 1;
                let cause = recorded.metadata.causation_id.unwrap().to_string();
                sent.entry(cause).or_default().push(recorded.event);
            }
        }
    }
    for id in requested {
        totals.transfers += 1;
        let history = bank.transfers.history(id.as_str()).await.unwrap();
        let events: Vec<_> = history.iter().map(|recorded| &recorded.event).collect();
        let moves = match &events[..] {
            [T::Requested(_), T::Declined(_)] => 0,
            [T::Requested(_), T::Taken(_), T::Completed(_)]
            | [T::Requested(_), T::Taken(_), T::Confirmed(_), T::Completed(_)]
            | [T::Requested(_), T::Taken(_), T::GivenUp(_), T::Refunded(_)]
            | [T::Requested(_), T::Taken(_), T::Confirmed(_), T::GivenUp(_), T::Refunded(_)] => 2,
            other => return Err(format!("transfer {id} went {other:?}")),
        };
        let caused = history.iter().filter_map(|recorded| sent.get(&recorded.id.to_string()));
        let found: usize = caused.map(Vec::len).sum();
        if found != moves {
            return Err(format!("transfer {id} moved money {found} times and went {events:?}"));
        }
        match bank.progress(id).await {
            Progress::Completed => totals.completed += 1,
            Progress::Declined => totals.declined += 1,
            _ => totals.refunded += 1,
        }
    }
    if sum != put_in {
        return Err(format!("{put_in} was paid in, and {sum} is there"));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_command_takes_effect_once_whatever_fails() {
    let soak = std::env::var_os("ES_SOAK").is_some_and(|value| value == "1");
    let first = match std::env::var("ES_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => EventId::new().as_uuid().as_u64_pair().1 % 1_000_000_000,
    };
    let runs = match std::env::var("ES_RUNS") {
        Ok(runs) => runs.parse().unwrap(),
        Err(_) if soak => 100_000,
        Err(_) => 500,
    };
    let mut totals = Totals::default();
    for seed in first..first + runs {
        run(seed, 60, &mut totals).await;
    }
    println!("{runs} runs from seed {first}, 60 steps each: {totals:?}; ES_SEED={first} does it again");
    let Totals { completed, declined, refunded, .. } = totals;
    assert!(completed > 0 && declined > 0 && refunded > 0, "{totals:?}");
}
