//! Times: `Timestamp`, and the clocks that give them.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Names a moment, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Prints and parses as RFC 3339: `2026-11-23T18:00:00.000001Z`. Anything finer than a
/// microsecond is cut off, never rounded, so that a time is not later than what it was made from.
///
/// ```
/// use es_core::Timestamp;
///
/// let time: Timestamp = "2026-11-23T19:00:00.5+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-23T18:00:00.500000Z");
/// # Ok::<(), es_core::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time there is: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800 * MICROS_PER_SECOND);
    /// The latest time there is: 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_800 * MICROS_PER_SECOND - 1);
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// Reads the system's clock.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Makes a time of microseconds since the Unix epoch; one outside of [`MIN`](Self::MIN) to
    /// [`MAX`](Self::MAX) becomes the nearer of them.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// The microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time from `earlier` until this one; zero when `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => {
                let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
                seconds.saturating_mul(MICROS_PER_SECOND).saturating_add(after.subsec_micros().into())
            }
            // Cut off means towards the past, also before 1970.
            Err(before) => {
                let nanos = i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX);
                i64::try_from((-nanos).div_euclid(1_000)).unwrap_or(i64::MIN)
            }
        };
        Self::from_micros(micros)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(MICROS_PER_SECOND);
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        let (year, month, day) = date_of(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Says that a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTimestampError {
    text: String,
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text } = self;
        write!(f, "`{text}` is not a time; write it as 2026-11-23T18:00:00Z or 2026-11-23T19:00:00.25+01:00")
    }
}

impl Error for ParseTimestampError {}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_rfc3339(text.as_bytes()).ok_or_else(|| ParseTimestampError { text: text.to_owned() })
    }
}

/// RFC 3339, section 5.6: `date "T" time ("Z" / offset)`; a leap second counts as the one before it.
fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range)?.iter().try_fold(0, |sum, byte| match byte {
            b'0'..=b'9' => Some(sum * 10 + i64::from(byte - b'0')),
            _ => None,
        })
    };
    let is = |at: usize, wanted: &[u8]| text.get(at).is_some_and(|byte| wanted.contains(byte));
    let within = |value: i64, low: i64, high: i64| (low..=high).contains(&value).then_some(value);

    let separators = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    if !separators {
        return None;
    }
    let year = within(number(0..4)?, 1, 9999)?;
    let month = within(number(5..7)?, 1, 12)?;
    let day = within(number(8..10)?, 1, days_in(year, month))?;
    let hour = within(number(11..13)?, 0, 23)?;
    let minute = within(number(14..16)?, 0, 59)?;
    let second = within(number(17..19)?, 0, 60)?.min(59);

    let mut rest = 19;
    let mut micros = 0;
    if is(rest, b".") {
        let digits = text[rest + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let kept = digits.min(6);
        micros = number(rest + 1..rest + 1 + kept)? * 10_i64.pow(u32::try_from(6 - kept).ok()?);
        rest += 1 + digits;
    }
    let offset = match text.get(rest..)? {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let hours = within(number(rest + 1..rest + 3)?, 0, 23)?;
            let minutes = within(number(rest + 4..rest + 6)?, 0, 59)?;
            let offset = hours * 3600 + minutes * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    let micros = seconds * MICROS_PER_SECOND + micros;
    (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&micros).then_some(Timestamp(micros))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date (year, month, day) of a count of days since 1970-01-01: the inverse of [`days_from_civil`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Gives the time to a journal, and through it to the commands that are decided on it.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is set: for tests and replays that must come out the same.
///
/// ```
/// use es_core::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now().to_string(), "1970-01-01T00:00:01.000000Z");
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Makes a clock that shows `time`.
    pub fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.as_micros()))
    }

    /// Shows `time` from now on; it may be earlier than before.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_micros(), Ordering::SeqCst);
    }

    /// Shows a time later by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now() + duration);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        text.parse::<Timestamp>().map_or_else(|error| error.to_string(), |time| time.to_string())
    }

    #[test]
    fn prints_what_it_parses() {
        for text in [
            "0001-01-01T00:00:00.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00.000000Z",
            "2000-02-29T12:34:56.789012Z",
            "2100-02-28T23:59:59.000001Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(parsed(text), text);
        }
    }

    #[test]
    fn counts_the_days_of_four_centuries() {
        let day = Duration::from_secs(SECONDS_PER_DAY.unsigned_abs());
        let mut time: Timestamp = "1900-01-01T00:00:00Z".parse().unwrap();
        for year in 1900..2300 {
            for month in 1..=12 {
                for of_month in 1..=days_in(year, month) {
                    let expected = format!("{year:04}-{month:02}-{of_month:02}T00:00:00.000000Z");
                    assert_eq!(time.to_string(), expected);
                    assert_eq!(expected.parse(), Ok(time));
                    time = time + day;
                }
            }
        }
    }

    #[test]
    fn cuts_off_below_a_microsecond() {
        assert_eq!(parsed("2026-11-23T18:00:00.9999999Z"), "2026-11-23T18:00:00.999999Z");
        let before_1970 = UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(Timestamp::from(before_1970).as_micros(), -1);
    }

    #[test]
    fn applies_the_offset() {
        assert_eq!(parsed("2026-01-01T00:30:00-01:30"), "2026-01-01T02:00:00.000000Z");
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "now",
            "2026-11-23",
            "2026-11-23T18:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T18:00:00.Z",
            "2026-11-23T18:00:00Zx",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "+026-11-23T18:00:00Z",
            "2026-11-23T18:00:00\u{e9}",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
