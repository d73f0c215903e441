//! The lines that break a rule.

use std::io::{self, BufWriter, Write};

use es_core::prelude::*;

use super::text::number;
use crate::bank::Bank;

pub(super) async fn print(bank: &Bank, out: &mut impl Write) -> Result<(), BoxError> {
    let rows = bank.store.read(|db| {
        let sql = "SELECT rule, count(*), min(line) FROM irregularities GROUP BY rule ORDER BY 2 DESC, 1";
        let mut query = db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<Result<Vec<(String, i64, i64)>, _>>()
    });
    let rows = rows.await?;
    if rows.is_empty() {
        writeln!(out, "\nNo line breaks a rule.")?;
        return Ok(());
    }
    let all = rows.iter().map(|(_, lines, _)| lines).sum();
    writeln!(out, "\n{} lines break a rule (`--irregular` lists them)", number(all))?;
    for (rule, lines, first) in rows {
        writeln!(out, "{:>9}  {rule}; line {first} is the first", number(lines))?;
    }
    Ok(())
}

/// Prints each of them.
pub async fn list(bank: &Bank) -> Result<(), BoxError> {
    let mut out = BufWriter::new(io::stdout());
    let mut after = 0;
    loop {
        let rows = bank.store.read(move |db| {
            let sql = "SELECT line, application, activity, transition, rule FROM irregularities
                       WHERE line > ?1 ORDER BY line LIMIT 1000";
            let mut query = db.prepare(sql)?;
            let rows = query
                .query_map([after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
            rows.collect::<Result<Vec<(i64, String, String, String, String)>, _>>()
        });
        let rows = rows.await?;
        let Some((last, ..)) = rows.last() else { break };
        after = *last;
        for (line, application, activity, transition, rule) in rows {
            writeln!(out, "line {line}: application {application}, {activity} {transition}: {rule}")?;
        }
    }
    out.flush()?;
    Ok(())
}
