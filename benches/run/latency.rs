//! How long it takes from a command to the read model that shows it.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use es_core::prelude::*;
use es_core::{Journal, Projection, ProjectorHandle, SnapshotStore};
use hdrhistogram::Histogram;
use tokio::runtime::Handle;

use crate::domain::{Account, account, command};
use crate::measure::{Effort, Part};
use crate::unit::{Target, Unit};

/// How many commands a second.
const RATE: u64 = 1_000;
/// In microseconds; what takes longer counts as this.
const LONGEST: u64 = 60_000_000;
const WARM_UP: Duration = Duration::from_millis(300);

const PERCENTILES: [(f64, &str); 4] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "most")];

/// From when to when.
const SPANS: [&str; 3] = ["call to read model", "answer to read model", "call to answer"];

/// The figures of a run; the p99 of the first span is to be at most so many milliseconds.
pub(crate) fn parts(subject: &str, p99: Option<f64>) -> Vec<Part> {
    let part = |(span, of): (usize, &str), percentile: &str| {
        let part = Part::new(format!("{subject}: {of}, {percentile}"), Unit::Milliseconds);
        match p99 {
            Some(most) if span == 0 && percentile == "p99" => part.target(Target::Most(most)),
            _ => part,
        }
    };
    let spans = SPANS.iter().copied().enumerate();
    spans.flat_map(|span| PERCENTILES.iter().map(move |(_, percentile)| part(span, percentile))).collect()
}

/// How long a run is.
pub(crate) fn length(effort: Effort) -> Duration {
    effort.slice * 5
}

type Spans = [Histogram<u64>; 3];

/// What took how long: the spans of all commands, in microseconds.
#[derive(Clone)]
pub(crate) struct Taken(Arc<Mutex<Spans>>);

impl Taken {
    fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds and digits");
        Self(Arc::new(Mutex::new([histogram(), histogram(), histogram()])))
    }

    /// Adds a command that was to be called at `called`.
    pub(crate) fn add(&self, called: Instant, answered: Instant, visible: Instant) {
        let spans = [visible - called, visible.saturating_duration_since(answered), answered - called];
        let mut histograms = self.0.lock().expect("nobody panics with it");
        for (histogram, span) in histograms.iter_mut().zip(spans) {
            histogram.saturating_record(u64::try_from(span.as_micros()).unwrap_or(LONGEST));
        }
    }

    /// As [`parts`] has them.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a few seconds")]
    fn figures(&self) -> Vec<f64> {
        let histograms = self.0.lock().expect("nobody panics with it");
        let of =
            |histogram: &Histogram<u64>| PERCENTILES.map(|(part, _)| histogram.value_at_quantile(part) as f64 / 1e3);
        histograms.iter().flat_map(of).collect()
    }
}

/// Calls `one` a thousand times a second, whether or not those before have come back: with when it was to be called.
///
/// A call that is late because the machine was busy counts from when it was to be made.
pub(crate) async fn open_loop<F>(length: Duration, one: impl Fn(u64, Instant, Taken) -> F + Send + 'static) -> Vec<f64>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (taken, runtime) = (Taken::new(), Handle::current());
    let (kept, unkept) = (taken.clone(), Taken::new());
    // A thread of its own: the runtime's clock is no finer than a millisecond.
    let calls = tokio::task::spawn_blocking(move || {
        let (started, period) = (Instant::now(), Duration::from_secs(1) / u32::try_from(RATE).unwrap_or(1));
        let mut tasks = Vec::new();
        for number in 0.. {
            let due = started + period * number;
            if due - started >= WARM_UP + length {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let taken = if due - started < WARM_UP { &unkept } else { &kept };
            tasks.push(runtime.spawn(one(u64::from(number), due, taken.clone())));
        }
        tasks
    });
    for task in calls.await.expect("the calls are made") {
        task.await.expect("the command ends");
    }
    taken.figures()
}

/// Commands over 1,000 accounts, each until the projection shows it.
pub(crate) async fn projected<S, P>(store: &S, projection: ProjectorHandle<P>, effort: Effort) -> Vec<f64>
where
    S: Journal + SnapshotStore + Clone,
    P: Projection,
{
    let accounts = Repository::<Account, _>::new(store);
    let shown = projection.clone();
    let figures = open_loop(length(effort), move |number, called, taken| {
        let (accounts, shown) = (accounts.clone(), shown.clone());
        async move {
            let done = accounts.execute(account(number % 1_000), command(number / 1_000)).await.expect("a command");
            let answered = Instant::now();
            shown.wait_for(done.position).await.expect("it is projected");
            taken.add(called, answered, Instant::now());
        }
    });
    let figures = figures.await;
    projection.stop().await.expect("it ends");
    figures
}
