//! Axes: where a number stands, and which are written there.

use crate::unit::short;

/// From the least to the most of its numbers, evenly or by powers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
    /// Where in the drawing it begins and ends.
    begin: f64,
    end: f64,
}

impl Axis {
    /// From 0, or by powers of ten where the numbers are too far apart for that.
    pub(super) fn of_values(values: &[f64], begin: f64, end: f64) -> Self {
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().filter(|value| *value > 0.0).fold(most, f64::min);
        if most > 20.0 * least {
            let power = |value: f64| 10_f64.powf(value);
            let (from, to) = (power(least.log10().floor()), power(most.log10().ceil()));
            return Self { from, to, logarithmic: true, begin, end };
        }
        let most = if most > 0.0 { most } else { 1.0 };
        let to = step(most) * (most / step(most)).ceil();
        Self { from: 0.0, to, logarithmic: false, begin, end }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let part = if self.logarithmic {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.begin + part * (self.end - self.begin)
    }

    /// The numbers to write, with their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let mut ticks = Vec::new();
        let mut tick = self.from;
        while tick <= self.to * 1.001 {
            ticks.push((tick, text(tick)));
            tick = if self.logarithmic { tick * 10.0 } else { tick + step(self.to) };
        }
        ticks
    }
}

/// 1, 2 or 5 times a power of ten, 4 to 10 of which make `most`.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf((most / 10.0).log10().ceil());
    [0.2, 0.5, 1.0].map(|part| part * power).into_iter().find(|step| most / step <= 8.0).unwrap_or(power)
}

fn text(number: f64) -> String {
    if number > 0.0 && number < 10.0 { format!("{number}") } else { short(number) }
}
