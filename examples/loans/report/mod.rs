//! The report: what the read models say, as a person reads it.

mod activities;
mod decisions;
mod irregular;
mod plot;
mod text;
mod work;

use std::io::{self, BufWriter, Write};

use es_core::prelude::*;

use crate::bank::Bank;
use plot::Marks;
use text::number;

pub use irregular::list as list_irregular;

/// Prints all of it.
pub async fn print(bank: &Bank, ascii: bool) -> Result<(), BoxError> {
    let mut out = BufWriter::new(io::stdout());
    let sql = "SELECT (SELECT coalesce(sum(times), 0) FROM activities), (SELECT count(*) FROM decisions)";
    let found = bank.store.read(|db| db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))).await;
    let (events, applications): (i64, i64) = found?;
    let file = bank.file().display();
    writeln!(out, "{} events of {} applications in {file}", number(events), number(applications))?;
    if events > 0 {
        activities::print(bank, &mut out).await?;
        irregular::print(bank, &mut out).await?;
        work::print(bank, &mut out).await?;
        decisions::print(bank, &mut out).await?;
        plot::print(bank, &mut out, Marks::choose(ascii), text::width()).await?;
    }
    out.flush()?;
    Ok(())
}
