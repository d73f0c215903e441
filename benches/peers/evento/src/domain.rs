//! The bank account. Its state is kept in memory, as the README's write model has it.

use evento::metadata::Event;
use evento::{Executor, Projection, ProjectionAggregate};

#[evento::aggregate(name = "bank/Account")]
pub enum BankAccount {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

#[evento::projection(id = id)]
#[evento::snapshot(memory)]
pub struct Account {
    pub id: String,
    pub balance: u64,
    pub count: u64,
}

#[evento::handler]
async fn on_deposited(event: Event<Deposited>, account: &mut Account) -> anyhow::Result<()> {
    account.id.clone_from(&event.aggregate_id);
    account.balance += event.data.amount;
    account.count += 1;
    Ok(())
}

#[evento::handler]
async fn on_withdrawn(event: Event<Withdrawn>, account: &mut Account) -> anyhow::Result<()> {
    account.balance -= event.data.amount;
    account.count += 1;
    Ok(())
}

fn account<E: Executor>() -> Projection<E, Account> {
    Projection::new::<BankAccount>().handler(on_deposited()).handler(on_withdrawn()).strict()
}

pub async fn deposit<E: Executor>(store: &E, id: &str, amount: u64, reference: String) -> anyhow::Result<()> {
    let Some(account) = account().load(id).execute(store).await? else { anyhow::bail!("there is no such account") };
    account.write()?.event(&Deposited { amount, reference }).commit(store).await?;
    Ok(())
}

pub async fn withdraw<E: Executor>(store: &E, id: &str, amount: u64, reference: String) -> anyhow::Result<()> {
    let Some(account) = account().load(id).execute(store).await? else { anyhow::bail!("there is no such account") };
    anyhow::ensure!(account.balance >= amount, "balance falls below 0");
    account.write()?.event(&Withdrawn { amount, reference }).commit(store).await?;
    Ok(())
}
