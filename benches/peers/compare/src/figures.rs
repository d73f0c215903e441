//! `Figures`: of one subject and one workload. The names are those of `benches/run/measure.rs`, so that both stand in one
//! table.

use serde::Serialize;

/// The figures of one subject.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) workload: String,
    pub(crate) what: String,
    pub(crate) subject: String,
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Of what es does; the median of the ratios within each repetition. 0 where there is none.
    pub(crate) ratio: f64,
    pub(crate) runs: usize,
    /// How many of them had a quiet machine before and after.
    pub(crate) quiet: usize,
    /// Commands that ended with an error, in all runs.
    pub(crate) failed: u64,
    /// What went wrong, where there are no figures.
    pub(crate) error: Option<String>,
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

/// `12.3k`.
pub(crate) fn short(number: f64) -> String {
    match number {
        _ if number >= 1e6 => format!("{:.2}M", number / 1e6),
        _ if number >= 1e4 => format!("{:.0}k", number / 1e3),
        _ if number >= 1e3 => format!("{:.1}k", number / 1e3),
        _ if number >= 10.0 => format!("{number:.0}"),
        _ => format!("{number:.1}"),
    }
}
