//! The check: money is neither lost nor made, and each transfer has come to one end, once.

use std::collections::BTreeMap;

use es_core::prelude::*;
use es_sqlite::SqliteStore;

use crate::account::{Account, AccountEvent as A};
use crate::transfer::{Step, Transfer, TransferEvent as T};
use crate::world::{ACCOUNTS, TRANSFERS};

/// How the transfers ended.
pub async fn check(store: &SqliteStore) -> Result<Vec<Step>, String> {
    let accounts = Repository::<Account, _>::new(store);
    let transfers = Repository::<Transfer, _>::new(store);
    // By the event that led to them: what was moved, and where.
    let mut moved = BTreeMap::<String, Vec<(String, i64)>>::new();
    let mut put_in = 0;
    let mut sum = 0;
    for (account, _) in ACCOUNTS {
        sum += i64::try_from(accounts.load(account).await.unwrap().state.balance).unwrap();
        for recorded in accounts.history(account).await.unwrap() {
            let by = match recorded.event {
                A::Deposited(event) => i64::try_from(event.amount).unwrap(),
                A::PaidBack(event) => i64::try_from(event.amount).unwrap(),
                A::Withdrawn(event) => -i64::try_from(event.amount).unwrap(),
            };
            match recorded.metadata.causation_id {
                Some(cause) => moved.entry(cause.to_string()).or_default().push((account.to_owned(), by)),
                None => put_in += by,
            }
        }
    }
    let mut ends = Vec::new();
    for (id, from, to, amount) in TRANSFERS {
        let history = transfers.history(id).await.unwrap();
        let events: Vec<_> = history.iter().map(|recorded| &recorded.event).collect();
        let amount = i64::try_from(amount).unwrap();
        let (taken, paid, back) = ((from.to_owned(), -amount), (to.to_owned(), amount), (from.to_owned(), amount));
        let (step, expected) = match &events[..] {
            [T::Requested(_), T::Declined(_)] => (Step::Declined, vec![]),
            [T::Requested(_), T::Taken(_), T::Completed(_)]
            | [T::Requested(_), T::Taken(_), T::Confirmed(_), T::Completed(_)] => (Step::Completed, vec![taken, paid]),
            [T::Requested(_), T::Taken(_), T::GivenUp(_), T::Refunded(_)] => (Step::Refunded, vec![taken, back]),
            other => return Err(format!("{id} went {other:?}")),
        };
        let caused = history.iter().filter_map(|recorded| moved.get(&recorded.id.to_string()));
        let found: Vec<_> = caused.flatten().cloned().collect();
        if found != expected {
            return Err(format!("{id} went {events:?} and moved {found:?}"));
        }
        ends.push(step);
    }
    if sum != put_in {
        return Err(format!("{put_in} was paid in, and {sum} is there"));
    }
    Ok(ends)
}
