//! What a figure counts, and what is asked of it.

use serde::Serialize;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// How many a second: more is better.
    PerSecond,
    /// Thousandths of a second.
    Milliseconds,
    Seconds,
    Mebibytes,
    /// How many times as large as the payloads.
    TimesPayloads,
    Crates,
}

impl Unit {
    /// `12.3k/s`.
    pub(crate) fn show(self, number: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", short(number)),
            Self::Milliseconds => format!("{number:.2} ms"),
            Self::Seconds => format!("{number:.1} s"),
            Self::Mebibytes => format!("{number:.1} MiB"),
            Self::TimesPayloads => format!("{number:.2} x payloads"),
            Self::Crates => format!("{number:.0} crates"),
        }
    }

    /// What an axis of such figures says.
    pub(crate) fn axis(self) -> &'static str {
        match self {
            Self::PerSecond => "a second",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Mebibytes => "MiB",
            Self::TimesPayloads => "times the payloads",
            Self::Crates => "crates",
        }
    }
}

/// `12.3k`.
pub(crate) fn short(number: f64) -> String {
    match number {
        _ if number >= 1e7 => format!("{:.0}M", number / 1e6),
        _ if number >= 1e6 => format!("{:.2}M", number / 1e6),
        _ if number >= 1e4 => format!("{:.0}k", number / 1e3),
        _ if number >= 1e3 => format!("{:.1}k", number / 1e3).replace(".0k", "k"),
        _ => format!("{number:.0}"),
    }
}

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) enum Target {
    /// At least so many times the first one.
    LeastOfFirst(f64),
    /// At most so many times the first one.
    MostOfFirst(f64),
    /// At most so much more than the first one, in its unit.
    MostAboveFirst(f64),
    /// At most this, in its unit.
    Most(f64),
}

impl Target {
    pub(crate) fn is_reached(self, median: f64, ratio: f64, first: f64) -> bool {
        match self {
            Self::LeastOfFirst(least) => ratio >= least,
            Self::MostOfFirst(most) => ratio <= most,
            Self::MostAboveFirst(most) => median - first <= most,
            Self::Most(most) => median <= most,
        }
    }

    pub(crate) fn show(self, unit: Unit) -> String {
        match self {
            Self::LeastOfFirst(least) => format!("at least {least:.2} of the first"),
            Self::MostOfFirst(most) => format!("at most {most:.2} of the first"),
            Self::MostAboveFirst(most) => format!("at most {} more than the first", unit.show(most)),
            Self::Most(most) => format!("at most {}", unit.show(most)),
        }
    }
}
