//! cqrs-es: in memory, and on PostgreSQL by postgres-es, with and without its snapshots.

mod domain;
mod memory;
mod postgres;

use domain::{AccountCommand, AccountEvent};
use memory::Memory;
use peers_common::{Done, Program, Store, amount, is_withdrawal, reference};
use postgres::Postgres;

fn main() -> Done {
    let mut program = Program::of(&["cqrs-es", "postgres-es"]);
    program.subject(Store::Memory, "cqrs-es", || async { Ok(Memory::default()) }).one().many().replay().bulk();
    program.subject(Store::Postgres, "cqrs-es", || Postgres::open(None)).one().many().replay().project().bulk();
    program.subject(Store::Postgres, "cqrs-es, a snapshot each 100 events", || Postgres::open(Some(100))).one().many();
    program.run()
}

fn command(number: u64) -> AccountCommand {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountCommand::Withdraw { amount, reference }
    } else {
        AccountCommand::Deposit { amount, reference }
    }
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { amount, reference }
    } else {
        AccountEvent::Deposited { amount, reference }
    }
}
