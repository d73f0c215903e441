//! How often each activity happened.

use std::collections::BTreeMap;
use std::io::Write;

use es_core::prelude::*;

use super::text::{number, number_or_blank};
use crate::activity::Transition;
use crate::bank::Bank;

pub(super) async fn print(bank: &Bank, out: &mut impl Write) -> Result<(), BoxError> {
    let rows = bank.store.read(|db| {
        let mut query = db.prepare("SELECT activity, transition, times, irregular FROM activities")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.collect::<Result<Vec<(String, String, i64, i64)>, _>>()
    });
    // Scheduled, started, completed, and how many of all these are irregular.
    let mut table = BTreeMap::<String, [i64; 4]>::new();
    for (activity, transition, times, irregular) in rows.await? {
        let counts = table.entry(activity).or_default();
        counts[match Transition::read(&transition) {
            Some(Transition::Schedule) => 0,
            Some(Transition::Start) => 1,
            _ => 2,
        }] += times;
        counts[3] += irregular;
    }
    let width = table.keys().map(|activity| activity.chars().count()).max().unwrap_or_default();
    writeln!(
        out,
        "\n{:width$}  {:>9} {:>9} {:>9} {:>9}",
        "Activity", "scheduled", "started", "completed", "irregular"
    )?;
    for (activity, [scheduled, started, completed, irregular]) in table {
        let completed = number(completed);
        let [scheduled, started, irregular] = [scheduled, started, irregular].map(number_or_blank);
        writeln!(out, "{activity:width$}  {scheduled:>9} {started:>9} {completed:>9} {irregular:>9}")?;
    }
    Ok(())
}
