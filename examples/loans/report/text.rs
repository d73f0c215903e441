//! Numbers, durations and widths, for people.

use std::time::Duration;

/// A number with its thousands apart.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number, or nothing in place of 0.
pub fn number_or_blank(value: i64) -> String {
    if value == 0 { String::new() } else { number(value) }
}

/// A duration in its two largest units.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{}.{}s", seconds, duration.subsec_millis() / 100),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, ..) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

/// How many characters a line of the terminal has.
pub fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    given.or_else(terminal).unwrap_or(80).clamp(40, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        let shown = [0, 7, 999, 1_000, 262_200, 1_234_567, -1_000].map(number);
        assert_eq!(shown, ["0", "7", "999", "1,000", "262,200", "1,234,567", "-1,000"]);
    }

    #[test]
    fn durations_have_two_units() {
        let shown = [0, 42_500, 125_000, 7_500_000, 1_000_000_000].map(Duration::from_millis).map(duration);
        assert_eq!(shown, ["0.0s", "42.5s", "2m 05s", "2h 05m", "11d 13h"]);
    }
}
