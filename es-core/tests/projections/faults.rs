//! Random appends and commands, by a printed seed, on a journal and a read store that fail and lose answers: each event is
//! projected once, and in the order of its stream.

use std::sync::atomic::Ordering;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{BatchSize, ProjectorHandle, Retry};

use crate::domain::{Balances, Faults, PaidIn, StoreFault, Tables, append, increased};
use crate::faulty::{Fault, FaultyStore};
use crate::random::Random;

const RETRY: Retry = Retry { attempts: 3, wait: Duration::from_millis(10), longest_wait: Duration::from_millis(100) };
const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Default, Debug)]
struct Totals {
    events: u64,
    read_faults: u64,
    store_faults: u64,
    failing_events: u64,
    resumed: u64,
    rebuilt: u64,
    restarted: u64,
}

/// Has the projector go on, whatever it waits for.
async fn unblock<P: Projection>(handle: &ProjectorHandle<P>, totals: &mut Totals) {
    if matches!(handle.status().state, ProjectorState::Failed | ProjectorState::Paused) {
        handle.resume().await.unwrap();
        totals.resumed += 1;
    }
}

fn spawn(journal: &FaultyStore, tables: &Tables, faults: &Faults, events: usize) -> ProjectorHandle<Balances> {
    let size = BatchSize { events, ..BatchSize::default() };
    Projector::new(journal, tables, Balances { faults: faults.clone() }).retry(RETRY).batch(size).spawn()
}

async fn run(seed: u64, steps: u64, totals: &mut Totals) {
    let mut random = Random(seed);
    let memory = es_core::MemoryStore::new();
    let journal = FaultyStore::on(memory.clone());
    let (tables, faults) = (Tables::default(), Faults { panics: false, ..Faults::default() });
    let size = random.pick(&[1, 3, 100]);
    let mut handle = spawn(&journal, &tables, &faults, size);
    let mut rebuilding = false;
    for _ in 0..steps {
        match random.below(12) {
            0..=4 => {
                let events: Vec<_> = (0..=random.below(3)).map(increased).collect();
                append(&memory, random.pick(&ACCOUNTS), &events).await;
                totals.events += events.len() as u64;
            }
            5 => {
                journal.will_read(
                    (0..random.below(4))
                        .map(|_| random.pick(&[0, 1]))
                        .map(|fails| match fails {
                            0 => Fault::None,
                            _ => Fault::Fail,
                        })
                        .collect::<Vec<_>>(),
                );
                totals.read_faults += 1;
            }
            6 => {
                let fault = random.pick(&[StoreFault::None, StoreFault::Fail, StoreFault::LoseAnswer]);
                tables.faults.lock().unwrap().push_back(fault);
                totals.store_faults += 1;
            }
            7 => {
                faults.fail(random.pick(&ACCOUNTS), u32::try_from(random.below(6)).unwrap());
                totals.failing_events += 1;
            }
            8 => tokio::time::sleep(Duration::from_millis(random.below(100))).await,
            9 => unblock(&handle, totals).await,
            10 if random.below(4) == 0 => {
                // It may fail on its way, or not have begun; then it is waited for at the end.
                let rebuilt = tokio::time::timeout(Duration::from_millis(random.below(50)), handle.rebuild()).await;
                rebuilding |= !matches!(rebuilt, Ok(Ok(())));
                totals.rebuilt += 1;
            }
            10 => handle.pause().await.unwrap(),
            _ => {
                // Its last error, if it had one.
                drop(handle.stop().await);
                handle = spawn(&journal, &tables, &faults, size);
                rebuilding = false;
                totals.restarted += 1;
            }
        }
        tokio::task::yield_now().await;
    }
    journal.reads.lock().unwrap().clear();
    tables.faults.lock().unwrap().clear();
    faults.failing.lock().unwrap().clear();
    let head = memory.head().await.unwrap();
    for attempt in 0.. {
        unblock(&handle, totals).await;
        let all_shown = async { if rebuilding { handle.rebuild().await } else { handle.wait_for(head).await } };
        match tokio::time::timeout(Duration::from_mins(1), all_shown).await {
            Ok(Ok(())) => break,
            Ok(Err(error)) => assert!(attempt < 3, "seed {seed}: {error}"),
            Err(elapsed) => panic!("seed {seed}: it stands still, {elapsed}: {:?}", handle.status()),
        }
    }
    assert_eq!(tables.events() as u64, head.number, "seed {seed}");
    let mut view = Projector::in_memory(&memory, PaidIn::default());
    view.run_to_head().await.unwrap();
    for (account, sum) in &view.handle().view().await.sums {
        assert_eq!(tables.balance(account), Some(i64::try_from(*sum).unwrap()), "seed {seed}");
    }
    // Its last error: a read may have failed after all was shown.
    drop(handle.stop().await);
    assert!(u64::from(faults.calls.load(Ordering::SeqCst)) >= head.number);
}

#[tokio::test(start_paused = true)]
async fn each_event_is_projected_once_whatever_fails() {
    let soak = std::env::var_os("ES_SOAK").is_some_and(|value| value == "1");
    let first = match std::env::var("ES_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => EventId::new().as_uuid().as_u64_pair().1 % 1_000_000_000,
    };
    let runs = if soak { 1_000_000 } else { 10_000 };
    let mut totals = Totals::default();
    for seed in first..first + runs {
        run(seed, 50, &mut totals).await;
    }
    println!("{runs} runs from seed {first}, 50 steps each: {totals:?}; ES_SEED={first} does it again");
    assert!(totals.resumed > 0 && totals.rebuilt > 0, "{totals:?}");
}
