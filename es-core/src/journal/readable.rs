//! Waiting until all that is committed can be read.

use std::time::{Duration, Instant};

use super::{HeldBack, Journal, JournalError};
use crate::event::Position;
use crate::runtime::sleep;

/// How long copies and checks of a whole journal wait for the transactions of others, unless they are told otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before looking again, the first time and at most.
const REST: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// Waits until all events that were committed before this call can be read; gives the head then. What is in the way for
/// longer than `patience` is the error within.
///
/// What is newest is asked first: an event that is committed after that does not matter, and so nobody waits for ever on a
/// journal that is always written to. A head that was asked first could be one before events that are committed, and can be
/// read by the time that it is asked what holds them back.
pub(crate) async fn wait_until_readable(
    journal: &impl Journal,
    patience: Duration,
) -> Result<Result<Position, HeldBack>, JournalError> {
    let newest = journal.newest().await?;
    let began = Instant::now();
    let mut rest = REST.0;
    loop {
        let is_last = began.elapsed() >= patience;
        // Before the head, which comes to what nothing holds back any more.
        let held_back = if is_last { journal.held_back().await? } else { None };
        let head = journal.head().await?;
        if head >= newest {
            return Ok(Ok(head));
        }
        if is_last {
            return Ok(Err(held_back.unwrap_or_else(|| HeldBack::new("a transaction that could not be found"))));
        }
        sleep(rest.min(patience.saturating_sub(began.elapsed()))).await;
        rest = (rest * 2).min(REST.1);
    }
}

/// As [`wait_until_readable`], for those who have no error of their own for what is in the way.
pub(crate) async fn wait_for_all(journal: &impl Journal) -> Result<(), JournalError> {
    match wait_until_readable(journal, PATIENCE).await? {
        Ok(_) => Ok(()),
        Err(by) => Err(JournalError::Busy { store: "the journal".to_owned(), source: by.to_string().into() }),
    }
}
