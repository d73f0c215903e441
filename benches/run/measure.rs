//! Workloads, and the order in which they run: each repetition runs every subject once, so that all see the same machine.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::machine;
use crate::unit::{Target, Unit};

/// What is measured, and beside what.
pub(crate) struct Workload {
    /// `sqlite/replay`.
    pub(crate) name: &'static str,
    pub(crate) what: String,
    unit: Unit,
    /// The first one is the baseline.
    subjects: Vec<Subject>,
    /// What the subjects after the first are to reach.
    target: Option<Target>,
    repetitions: Option<usize>,
}

/// One way to do the work.
struct Subject {
    parts: Vec<Part>,
    /// Does it once, and gives a figure for each part.
    run: Box<dyn FnMut() -> Vec<f64>>,
}

/// One figure of a subject.
#[derive(Clone)]
pub(crate) struct Part {
    name: String,
    unit: Unit,
    target: Option<Target>,
    place: Option<Place>,
}

/// Where a figure stands in a plot: at `x` of a line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Place {
    pub(crate) line: &'static str,
    pub(crate) x: u64,
    /// What the axis of `x` counts.
    pub(crate) axis: &'static str,
}

/// Makes workloads of one name when they are asked for: what they need is large.
pub(crate) type Maker = (&'static str, Box<dyn FnOnce() -> Vec<Workload>>);

impl Part {
    pub(crate) fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, target: None, place: None }
    }

    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    pub(crate) fn at(mut self, line: &'static str, axis: &'static str, x: u64) -> Self {
        self.place = Some(Place { line, x, axis });
        self
    }
}

impl Workload {
    pub(crate) fn new(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, what: what.into(), unit: Unit::PerSecond, subjects: Vec::new(), target: None, repetitions: None }
    }

    pub(crate) fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// The least that each subject but the first is to reach, in parts of the first.
    pub(crate) fn target(mut self, target: f64) -> Self {
        self.target = Some(Target::LeastOfFirst(target));
        self
    }

    /// The most that each subject but the first may be, in times of the first.
    pub(crate) fn limit(mut self, limit: f64) -> Self {
        self.target = Some(Target::MostOfFirst(limit));
        self
    }

    /// As often as this and no more: for what takes long or does not vary.
    pub(crate) fn repeat(mut self, repetitions: usize) -> Self {
        self.repetitions = Some(repetitions);
        self
    }

    pub(crate) fn subject(self, name: impl Into<String>, run: impl FnMut() -> f64 + 'static) -> Self {
        let part = Part::new(name, self.unit);
        self.part(part, run)
    }

    /// A subject that stands in a plot.
    pub(crate) fn subject_at(
        self,
        line: &'static str,
        axis: &'static str,
        x: u64,
        name: impl Into<String>,
        run: impl FnMut() -> f64 + 'static,
    ) -> Self {
        let part = Part::new(name, self.unit).at(line, axis, x);
        self.part(part, run)
    }

    fn part(self, mut part: Part, mut run: impl FnMut() -> f64 + 'static) -> Self {
        part.target = self.target.filter(|_| !self.subjects.is_empty());
        self.parts(vec![part], move || vec![run()])
    }

    /// A subject with several figures.
    pub(crate) fn parts(mut self, parts: Vec<Part>, run: impl FnMut() -> Vec<f64> + 'static) -> Self {
        self.subjects.push(Subject { parts, run: Box::new(run) });
        self
    }
}

/// The figures of one subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) workload: &'static str,
    pub(crate) what: String,
    pub(crate) subject: String,
    pub(crate) unit: Unit,
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Of the same part of the first subject; the median of the ratios within each repetition.
    pub(crate) ratio: f64,
    /// Whether it is of that first subject.
    pub(crate) first: bool,
    pub(crate) target: Option<Target>,
    pub(crate) reached: Option<bool>,
    pub(crate) place: Option<Place>,
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
    /// The largest journal.
    pub(crate) largest: u64,
    /// How many events an aggregate has before the commands, where that is varied.
    pub(crate) prior: &'static [u64],
}

impl Effort {
    /// The sizes of journals that are compared.
    pub(crate) fn sizes(self) -> impl Iterator<Item = u64> {
        [10_000, 100_000, 1_000_000, 10_000_000].into_iter().filter(move |size| *size <= self.largest)
    }
}

/// Runs all subjects in turn, again and again.
pub(crate) fn run(mut workload: Workload, effort: Effort) -> Vec<Figures> {
    let parts: Vec<Part> = workload.subjects.iter().flat_map(|subject| subject.parts.iter().cloned()).collect();
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); parts.len()];
    let mut quiet = 0;
    for _ in 0..workload.repetitions.unwrap_or(effort.repetitions) {
        let before = machine::wait_for_quiet(effort.patience);
        let found = workload.subjects.iter_mut().flat_map(|subject| (subject.run)());
        for (found, values) in found.zip(&mut values) {
            values.push(found);
        }
        quiet += usize::from(before && machine::is_quiet());
    }
    // The same part of the first subject.
    let mut firsts = Vec::new();
    for subject in &workload.subjects {
        let in_first = workload.subjects.first().map_or(0, |first| first.parts.len());
        let begin = firsts.len();
        firsts.extend((0..subject.parts.len()).map(|part| if part < in_first { part } else { begin + part }));
    }
    let figures = |(index, part): (usize, &Part)| {
        let first = firsts[index];
        let ratios = values[index].iter().zip(&values[first]).map(|(value, first)| value / first);
        let (baseline, ratio) = (median(values[first].clone()), median(ratios.collect()));
        let median = median(values[index].clone());
        Figures {
            workload: workload.name,
            what: workload.what.clone(),
            subject: part.name.clone(),
            unit: part.unit,
            median,
            least: values[index].iter().copied().fold(f64::INFINITY, f64::min),
            most: values[index].iter().copied().fold(0.0, f64::max),
            ratio,
            first: index == first,
            target: part.target,
            reached: part.target.map(|target| target.is_reached(median, ratio, baseline)),
            place: part.place.clone(),
            runs: values[index].len(),
            quiet,
        }
    };
    parts.iter().enumerate().map(figures).collect()
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

pub(crate) fn millis(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
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
