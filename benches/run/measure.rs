//! Workloads, and the order in which they run: each repetition runs every subject once, so that all see the same machine.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::machine;

/// What is measured, and beside what.
pub(crate) struct Workload {
    /// `sqlite/replay`.
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// The first one is the baseline.
    pub(crate) subjects: Vec<Subject>,
    /// The least that a subject is to reach, in parts of the baseline, if there is a target.
    pub(crate) target: Option<f64>,
}

/// One way to do the work.
pub(crate) struct Subject {
    pub(crate) name: String,
    /// Does it once, and gives how many there were a second.
    pub(crate) run: Box<dyn FnMut() -> f64>,
}

/// Makes workloads of one name when they are asked for: what they need is large.
pub(crate) type Maker = (&'static str, Box<dyn FnOnce() -> Vec<Workload>>);

impl Workload {
    pub(crate) fn new(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, what: what.into(), subjects: Vec::new(), target: None }
    }

    pub(crate) fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) fn subject(mut self, name: impl Into<String>, run: impl FnMut() -> f64 + 'static) -> Self {
        self.subjects.push(Subject { name: name.into(), run: Box::new(run) });
        self
    }
}

/// The figures of one subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) workload: &'static str,
    pub(crate) what: String,
    pub(crate) subject: String,
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Of the baseline; the median of the ratios within each repetition.
    pub(crate) ratio: f64,
    pub(crate) target: Option<f64>,
    pub(crate) runs: usize,
    /// How many of them had a quiet machine before and after.
    pub(crate) quiet: usize,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) repetitions: usize,
    /// How long a subject runs that has no end of its own.
    pub(crate) slice: Duration,
    /// How long one repetition may wait for a quiet machine.
    pub(crate) patience: Duration,
    /// How much smaller the workloads are.
    pub(crate) divisor: u64,
}

pub(crate) fn run(mut workload: Workload, effort: Effort) -> Vec<Figures> {
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); workload.subjects.len()];
    let mut quiet = 0;
    for _ in 0..effort.repetitions {
        let before = machine::wait_for_quiet(effort.patience);
        for (subject, rates) in workload.subjects.iter_mut().zip(&mut rates) {
            rates.push((subject.run)());
        }
        quiet += usize::from(before && machine::is_quiet());
    }
    let baseline = rates.first().cloned().unwrap_or_default();
    let figures = |(index, (subject, rates)): (usize, (&Subject, &Vec<f64>))| {
        let ratios = rates.iter().zip(&baseline).map(|(rate, baseline)| rate / baseline);
        Figures {
            workload: workload.name,
            what: workload.what.clone(),
            subject: subject.name.clone(),
            median: median(rates.clone()),
            least: rates.iter().copied().fold(f64::INFINITY, f64::min),
            most: rates.iter().copied().fold(0.0, f64::max),
            ratio: median(ratios.collect()),
            target: workload.target.filter(|_| index > 0),
            runs: rates.len(),
            quiet,
        }
    };
    workload.subjects.iter().zip(&rates).enumerate().map(figures).collect()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

/// `count` in the time since `started`, a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn rate(count: u64, started: Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64()
}

/// Runs something until its time is over.
pub(crate) struct Slice {
    started: Instant,
    length: Duration,
    pub(crate) count: u64,
}

impl Slice {
    pub(crate) fn new(length: Duration) -> Self {
        Self { started: Instant::now(), length, count: 0 }
    }

    pub(crate) fn goes_on(&mut self) -> bool {
        if self.started.elapsed() >= self.length {
            return false;
        }
        self.count += 1;
        true
    }

    pub(crate) fn rate(&self) -> f64 {
        rate(self.count, self.started)
    }
}
