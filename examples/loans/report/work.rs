//! The open work items of each clerk.

use std::io::Write;

use es_core::prelude::*;

use super::text::{number, number_or_blank};
use crate::bank::Bank;

/// How many clerks are shown.
const SHOWN: usize = 10;

pub(super) async fn print(bank: &Bank, out: &mut impl Write) -> Result<(), BoxError> {
    let rows = bank.store.read(|db| {
        let sql = "SELECT coalesce(clerk, 'nobody'), sum(state = 'waiting'), sum(state = 'in hand'), min(since)
                   FROM open_work GROUP BY clerk ORDER BY count(*) DESC, 1";
        let mut query = db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.collect::<Result<Vec<(String, i64, i64, String)>, _>>()
    });
    let rows = rows.await?;
    let sum = |of: fn(&(String, i64, i64, String)) -> i64| number(rows.iter().map(of).sum());
    let (waiting, in_hand) = (sum(|row| row.1), sum(|row| row.2));
    writeln!(out, "\nOpen work items: {waiting} wait, {in_hand} are in hand")?;
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{:>9}  {:>7} {:>7}  oldest", "Clerk", "waiting", "in hand")?;
    for (clerk, waiting, in_hand, oldest) in rows.iter().take(SHOWN) {
        let [waiting, in_hand] = [*waiting, *in_hand].map(number_or_blank);
        writeln!(out, "{clerk:>9}  {waiting:>7} {in_hand:>7}  {}", oldest.get(..10).unwrap_or(oldest))?;
    }
    if rows.len() > SHOWN {
        writeln!(out, "{:>9}  and {} clerks more: the table `open_work` has them", "", rows.len() - SHOWN)?;
    }
    Ok(())
}
