//! The same account with other snapshots: kept in the store, or none at all.

use evento::metadata::Event;
use evento::{Executor, Projection, ProjectionAggregate};

use crate::domain::{BankAccount, Deposited, Withdrawn};

#[evento::projection(id = id, bitcode::Encode, bitcode::Decode)]
pub struct Stored {
    pub id: String,
    pub balance: u64,
    pub count: u64,
}

#[evento::handler]
async fn on_deposited_stored(event: Event<Deposited>, account: &mut Stored) -> anyhow::Result<()> {
    account.id.clone_from(&event.aggregate_id);
    account.balance += event.data.amount;
    account.count += 1;
    Ok(())
}

#[evento::handler]
async fn on_withdrawn_stored(event: Event<Withdrawn>, account: &mut Stored) -> anyhow::Result<()> {
    account.balance -= event.data.amount;
    account.count += 1;
    Ok(())
}

fn stored<E: Executor>() -> Projection<E, Stored> {
    Projection::new::<BankAccount>().handler(on_deposited_stored()).handler(on_withdrawn_stored()).strict()
}

pub async fn deposit<E: Executor>(store: &E, id: &str, amount: u64, reference: String) -> anyhow::Result<()> {
    let Some(account) = stored().load(id).execute(store).await? else { anyhow::bail!("there is no such account") };
    account.write()?.event(&Deposited { amount, reference }).commit(store).await?;
    Ok(())
}

pub async fn withdraw<E: Executor>(store: &E, id: &str, amount: u64, reference: String) -> anyhow::Result<()> {
    let Some(account) = stored().load(id).execute(store).await? else { anyhow::bail!("there is no such account") };
    anyhow::ensure!(account.balance >= amount, "balance falls below 0");
    account.write()?.event(&Withdrawn { amount, reference }).commit(store).await?;
    Ok(())
}

#[evento::projection(id = id)]
#[evento::snapshot(none)]
pub struct Replayed {
    pub id: String,
    pub balance: u64,
    pub count: u64,
}

#[evento::handler]
async fn on_deposited_replayed(event: Event<Deposited>, account: &mut Replayed) -> anyhow::Result<()> {
    account.id.clone_from(&event.aggregate_id);
    account.balance += event.data.amount;
    account.count += 1;
    Ok(())
}

#[evento::handler]
async fn on_withdrawn_replayed(event: Event<Withdrawn>, account: &mut Replayed) -> anyhow::Result<()> {
    account.balance -= event.data.amount;
    account.count += 1;
    Ok(())
}

pub async fn count<E: Executor>(store: &E, id: &str) -> anyhow::Result<u64> {
    let account: Projection<E, Replayed> =
        Projection::new::<BankAccount>().handler(on_deposited_replayed()).handler(on_withdrawn_replayed()).strict();
    Ok(account.load(id).execute(store).await?.map_or(0, |account| account.count))
}
