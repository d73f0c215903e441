//! A plot of the applications a day, as wide as the terminal.

use std::io::Write;

use es_core::prelude::*;

use super::text::number;
use crate::bank::Bank;

const HEIGHT: usize = 8;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The most days that are looked at: a time that is wrong by a thousand years is no reason to count them all.
const MOST_DAYS: i64 = 36_600;

/// What bars are drawn with: how full a character is, from empty to full.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks(&'static [char]);

impl Marks {
    const UNICODE: Self =
        Self(&[' ', '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}']);
    const ASCII: Self = Self(&[' ', '.', ':', '#']);

    /// Those that the terminal can show, as far as its locale says.
    pub(super) fn choose(ascii: bool) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        let says_other = locale.filter(|value| !value.is_empty()).map(|value| value.to_ascii_lowercase()).next();
        let is_utf8 = says_other.is_none_or(|locale| locale.contains("utf-8") || locale.contains("utf8"));
        if ascii || !is_utf8 { Self::ASCII } else { Self::UNICODE }
    }
}

pub(super) async fn print(bank: &Bank, out: &mut impl Write, marks: Marks, width: usize) -> Result<(), BoxError> {
    let rows = bank.store.read(|db| {
        let mut query = db.prepare("SELECT day, count(*) FROM decisions GROUP BY day ORDER BY day")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<(String, i64)>, _>>()
    });
    let mut days = Vec::new();
    for (day, applications) in rows.await? {
        let time: Timestamp = format!("{day}T00:00:00Z").parse()?;
        days.push((time.as_micros() / MICROS_PER_DAY, applications));
    }
    for line in plot(&days, marks, width) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The lines of the plot. The days are numbers since 1970, in order, each with its applications.
fn plot(days: &[(i64, i64)], marks: Marks, width: usize) -> Vec<String> {
    let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else { return Vec::new() };
    if last - first >= MOST_DAYS {
        return vec![format!("\nNo plot of the applications a day: they are {} days apart", number(last - first))];
    }
    let count = usize::try_from(last - first + 1).unwrap_or(1);
    let axis = 7;
    let room = width.saturating_sub(axis).max(1);
    let a_bar = count.div_ceil(room);
    let mut bars = vec![0_i64; count.div_ceil(a_bar)];
    for (day, applications) in days {
        let at = usize::try_from(day - first).unwrap_or(0) / a_bar;
        bars[at] += applications;
    }
    // The last bar may stand for fewer days.
    let in_bar = |at: usize| i64::try_from((count - at * a_bar).min(a_bar)).unwrap_or(1);
    let heights: Vec<f64> = bars.iter().enumerate().map(|(at, sum)| ratio(*sum, in_bar(at))).collect();
    let top = heights.iter().copied().fold(1.0, f64::max);

    let each = if a_bar == 1 { String::new() } else { format!(", {a_bar} days a bar") };
    let mut lines = vec![format!("\nApplications a day{each}")];
    for row in (0..HEIGHT).rev() {
        let label = match row {
            _ if row == HEIGHT - 1 => format!("{top:>5.0} "),
            0 => format!("{:>5} ", 0),
            _ => " ".repeat(6),
        };
        let bar = heights.iter().map(|height| mark(*height / top, row, marks));
        lines.push(format!("{label}|{}", bar.collect::<String>()));
    }
    lines.push(format!("{}{}", " ".repeat(axis), months(*first, a_bar, bars.len())));
    lines
}

/// The character of a bar in a row: `height` is that of the bar, of 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "small numbers"
)]
fn mark(height: f64, row: usize, Marks(marks): Marks) -> char {
    let full = marks.len() - 1;
    let steps = (height * (HEIGHT * full) as f64).round() as usize;
    // A day with any application is seen.
    let steps = if height > 0.0 { steps.max(1) } else { 0 };
    marks[steps.saturating_sub(row * full).min(full)]
}

#[expect(clippy::cast_precision_loss, reason = "for a plot")]
fn ratio(sum: i64, days: i64) -> f64 {
    sum as f64 / days as f64
}

/// The names of the months, each where it begins.
fn months(first: i64, a_bar: usize, bars: usize) -> String {
    let mut line = String::new();
    let mut before = None;
    for bar in 0..bars {
        // The month is that of the bar's last day, so that a name stands no later than its month begins.
        let day = first + i64::try_from((bar + 1) * a_bar - 1).unwrap_or(0);
        let date = Timestamp::from_micros(day * MICROS_PER_DAY).to_string();
        let month =
            date.get(5..7).and_then(|month| month.parse::<usize>().ok()).and_then(|month| MONTHS.get(month - 1));
        if month != before && (bar == 0 || (line.len() < bar && bar + 3 <= bars)) {
            line.push_str(&" ".repeat(bar - line.len()));
            line.push_str(month.copied().unwrap_or_default());
            before = month;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_they_should_be() {
        let lines = plot(&[(0, 1), (1, 4), (3, 8)], Marks::ASCII, 80);
        assert_eq!(
            lines,
            [
                "\nApplications a day",
                "    8 |   #",
                "      |   #",
                "      |   #",
                "      |   #",
                "      | # #",
                "      | # #",
                "      | # #",
                "    0 |## #",
                "       Jan",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for (days, width) in [(1, 40), (33, 40), (34, 40), (500, 80), (36_000, 200)] {
            let all: Vec<_> = (0..days).map(|day| (day, 1 + day % 7)).collect();
            for line in plot(&all, Marks::UNICODE, width) {
                assert!(line.chars().count() <= width, "{days} days, {width} wide: {line}");
            }
        }
    }

    #[test]
    fn a_time_that_is_far_off_is_no_reason_to_count_all_days() {
        assert_eq!(plot(&[(-700_000, 1), (2_900_000, 1)], Marks::ASCII, 80).len(), 1);
        assert!(plot(&[], Marks::ASCII, 80).is_empty());
    }
}
