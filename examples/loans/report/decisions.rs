//! How long applications take from submission to decision.

use std::io::Write;
use std::time::Duration;

use es_core::prelude::*;

use super::text::{duration, number};
use crate::bank::Bank;

/// Which percentiles are shown.
const PERCENTILES: [usize; 4] = [50, 90, 95, 99];

pub(super) async fn print(bank: &Bank, out: &mut impl Write) -> Result<(), BoxError> {
    let rows = bank.store.read(|db| {
        let sql = "SELECT verdict, decided - submitted FROM decisions WHERE decided IS NOT NULL ORDER BY 2";
        let mut query = db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<(String, i64)>, _>>()
    });
    let rows = rows.await?;
    let sql = "SELECT count(*) FROM decisions WHERE decided IS NULL";
    let undecided: i64 = bank.store.read(move |db| db.query_row(sql, [], |row| row.get(0))).await?;

    let columns = PERCENTILES.map(|percentile| format!("{:>9}", format!("{percentile} %"))).join(" ");
    writeln!(out, "\n{:<15} {:>8} {columns} {:>9}", "From submission", "", "all")?;
    for verdict in ["approved", "declined", "cancelled", "decided"] {
        let times: Vec<i64> =
            rows.iter().filter(|row| verdict == "decided" || row.0 == verdict).map(|row| row.1).collect();
        let count = number(i64::try_from(times.len()).unwrap_or(i64::MAX));
        let within = PERCENTILES
            .iter()
            .chain(&[100])
            .map(|percentile| format!("{:>9}", percentile_of(&times, *percentile).map_or_else(String::new, duration)));
        let within: Vec<_> = within.collect();
        writeln!(out, "until {verdict:<9} {count:>8} {}", within.join(" "))?;
    }
    writeln!(out, "{:<15} {:>8}", "undecided", number(undecided))?;
    Ok(())
}

/// The time within which so many in a hundred were done: the nearest rank, one that there is. The times are in order, in
/// microseconds.
fn percentile_of(times: &[i64], percentile: usize) -> Option<Duration> {
    let rank = (times.len() * percentile).div_ceil(100);
    let micros = *times.get(rank.checked_sub(1)?)?;
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_there_is() {
        let times: Vec<_> = (1..=10).collect();
        let of = |percentile| percentile_of(&times, percentile).map(|time| time.as_micros());
        assert_eq!([0, 1, 50, 51, 90, 99, 100].map(of), [None, Some(1), Some(5), Some(6), Some(9), Some(10), Some(10)]);
        assert_eq!(percentile_of(&[], 50), None);
    }
}
