//! The workloads, the same for each library.

use std::ops::Range;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::peer::{Done, Peer, Projects};

/// Events of one commit.
const COMMIT: u64 = 1_000;

/// Accounts that commands of many clients are for.
const ACCOUNTS: u64 = 1_000;

/// An account that is not measured.
const WARM_UP: u64 = 999_999;

/// What was done, and in which time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    pub(crate) count: u64,
    /// Commands that were refused: what the library answered was an error.
    pub(crate) failed: u64,
    pub(crate) time: Duration,
}

impl Measured {
    fn new(count: u64, time: Duration) -> Self {
        Self { count, failed: 0, time }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.time.as_secs_f64()
    }
}

/// Commands of one client on one account. It goes over to a new one, with as many events before, before the commands have
/// made it much longer.
pub(crate) async fn one<P: Peer>(mut peer: P, prior: u64, slice: Duration) -> Done<Measured> {
    warm_up(&mut peer).await?;
    let commands = (prior / 5).max(200);
    let (mut measured, began) = (Measured::default(), Instant::now());
    for account in 0.. {
        fill(&peer, prior, account..account + 1).await?;
        peer.prepare(account, prior).await?;
        let started = Instant::now();
        for number in prior..prior + commands {
            peer.execute(account, number).await?;
            measured.count += 1;
            if measured.time + started.elapsed() >= slice {
                break;
            }
        }
        measured.time += started.elapsed();
        if measured.time >= slice || began.elapsed() >= slice * 4 {
            break;
        }
    }
    Ok(measured)
}

/// Commands of some clients, each on accounts of its own. After `most` commands they go over to new ones.
pub(crate) async fn many<P: Peer>(mut peer: P, clients: u64, most: Option<u64>, slice: Duration) -> Done<Measured> {
    warm_up(&mut peer).await?;
    let own = (ACCOUNTS / clients).max(1);
    let (mut measured, began) = (Measured::default(), Instant::now());
    for round in 0.. {
        let first = round * ACCOUNTS;
        in_turn(
            &peer,
            first..first + clients * own,
            |mut peer: P, account| async move { peer.prepare(account, 0).await },
        )
        .await?;
        let (started, left) = (Instant::now(), slice.saturating_sub(measured.time));
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let mut peer = peer.clone();
            tasks.spawn(async move {
                let (mut done, mut failed) = (0, 0);
                let most = most.map_or(u64::MAX, |most| most / clients);
                while started.elapsed() < left && done + failed < most {
                    let number = done + failed;
                    match peer.execute(first + client * own + number % own, number / own).await {
                        Ok(()) => done += 1,
                        Err(_) => failed += 1,
                    }
                }
                (done, failed)
            });
        }
        for (done, failed) in tasks.join_all().await {
            measured.count += done;
            measured.failed += failed;
        }
        measured.time += started.elapsed();
        if measured.time >= slice || began.elapsed() >= slice * 4 {
            break;
        }
    }
    Ok(measured)
}

/// A load of the first account.
pub(crate) async fn replay<P: Peer>(mut peer: P, events: u64) -> Done<Measured> {
    let started = Instant::now();
    let loaded = peer.load(0).await?;
    let time = started.elapsed();
    complete(loaded, events)?;
    Ok(Measured::new(events, time))
}

/// A projection, from the first event to the last.
pub(crate) async fn project<P: Projects>(mut peer: P, events: u64) -> Done<Measured> {
    let started = Instant::now();
    let projected = peer.project(events).await?;
    let time = started.elapsed();
    complete(projected, events)?;
    Ok(Measured::new(events, time))
}

/// Appends to 100 accounts, as many of them as there is time for.
pub(crate) async fn bulk<P: Peer>(peer: P, events: u64, longest: Duration) -> Done<Measured> {
    let (started, mut count) = (Instant::now(), 0);
    // Some at a time, so that there is time to look at the clock.
    for first in (0..100).step_by(10) {
        fill(&peer, events / 10, first..first + 10).await?;
        count += events / 10;
        if started.elapsed() >= longest {
            break;
        }
    }
    Ok(Measured::new(count, started.elapsed()))
}

/// Appends events to some accounts, as many to each.
pub(crate) async fn fill<P: Peer>(peer: &P, events: u64, accounts: Range<u64>) -> Done {
    let each = events / (accounts.end - accounts.start);
    let append = move |mut peer: P, account| async move {
        for first in (0..each).step_by(usize::try_from(COMMIT)?) {
            peer.append(account, first..each.min(first + COMMIT)).await?;
        }
        Ok(())
    };
    in_turn(peer, accounts, append).await
}

/// Does something for some accounts, for as many at once as the library likes.
async fn in_turn<P, Working>(peer: &P, accounts: Range<u64>, work: impl Fn(P, u64) -> Working) -> Done
where
    P: Peer,
    Working: Future<Output = Done> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for account in accounts {
        if tasks.len() >= P::WRITERS
            && let Some(ended) = tasks.join_next().await
        {
            ended??;
        }
        tasks.spawn(work(peer.clone(), account));
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// Has statements prepared and connections opened.
async fn warm_up<P: Peer>(peer: &mut P) -> Done {
    peer.prepare(WARM_UP, 0).await?;
    for number in 0..8 {
        peer.execute(WARM_UP, number).await?;
    }
    Ok(())
}

fn complete(found: u64, events: u64) -> Done {
    if found == events { Ok(()) } else { Err(format!("{found} events were read of {events}").into()) }
}
