//! What a reaction sends, and how it is noted.

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};

use crate::domain::{Account, Bank, Deposit, Progress, Transfers, Withdrawn};

#[tokio::test]
async fn a_transfer_goes_from_step_to_step() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    bank.request("t1", "alice", "bob", 200).await;
    bank.request("t2", "alice", "bob", 200).await;
    let mut reactor = Reactor::from_start(&bank.journal, &InMemory::default(), Transfers);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    assert_eq!(bank.progress("t2").await, Progress::Declined);
    assert_eq!((bank.balance("alice").await, bank.balance("bob").await), (100, 200));
}

#[tokio::test]
async fn what_was_taken_is_paid_back_when_the_second_step_is_rejected() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    bank.deposit("bob", 900).await;
    bank.request("t1", "alice", "bob", 200).await;
    let mut reactor = Reactor::from_start(&bank.journal, &InMemory::default(), Transfers);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Refunded);
    assert_eq!((bank.balance("alice").await, bank.balance("bob").await), (300, 900));
}

#[tokio::test]
async fn the_events_of_a_command_say_what_they_come_from() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    bank.request("t1", "alice", "bob", 200).await;
    Reactor::from_start(&bank.journal, &InMemory::default(), Transfers).run_until_idle().await.unwrap();
    let requested = bank.transfers.history("t1").await.unwrap().remove(0);
    let withdrawn = bank.accounts.history("alice").await.unwrap().remove(1);
    assert_eq!(withdrawn.event, Withdrawn { amount: 200 }.into());
    assert_eq!(withdrawn.metadata.actor.as_deref(), Some("transfers"));
    assert_eq!(withdrawn.metadata.causation_id, Some(requested.id.into()));
    let correlation_id = withdrawn.metadata.correlation_id.unwrap();
    assert_eq!(correlation_id.as_uuid(), requested.id.as_uuid());
    assert_eq!(withdrawn.metadata.command_id.unwrap().as_uuid().get_version_num(), 5);
    // All that follows has the same correlation id.
    let deposited = bank.accounts.history("bob").await.unwrap().remove(0);
    assert_eq!(deposited.metadata.correlation_id, Some(correlation_id));
    let completed = bank.transfers.history("t1").await.unwrap().pop().unwrap();
    assert_eq!(completed.metadata.correlation_id, Some(correlation_id));
}

#[tokio::test]
async fn a_reaction_begins_where_it_is_told_to_and_goes_on_from_there() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    bank.request("before", "alice", "bob", 10).await;
    let store = InMemory::default();
    let mut reactor = Reactor::from_now(&bank.journal, &store, Transfers);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("before").await, Progress::Requested);
    drop(reactor);
    bank.request("after", "alice", "bob", 10).await;
    Reactor::from_now(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("after").await, Progress::Completed);
    assert_eq!(bank.progress("before").await, Progress::Requested);
    Reactor::from_start(&bank.journal, &InMemory::default(), Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("before").await, Progress::Completed);
    assert_eq!(bank.balance("bob").await, 20, "commands sent again change nothing");
}

/// Notes each withdrawal with a deposit of 1.
#[derive(Reaction)]
#[reaction(name = "notes", events(Withdrawn), sends_to(Account))]
struct Notes;

impl React<Withdrawn> for Notes {
    async fn react(&self, _: &Recorded<Withdrawn>, commands: &mut Commands<Self>) -> Reacted {
        commands.send("notes", Deposit { amount: 1 }).await?;
        Ok(())
    }
}

#[tokio::test]
async fn one_store_in_memory_keeps_several_reactions() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    bank.request("t1", "alice", "bob", 200).await;
    let store = InMemory::default();
    let mut transfers = Reactor::from_start(&bank.journal, &store, Transfers);
    transfers.run_until_idle().await.unwrap();
    Reactor::from_start(&bank.journal, &store, Notes).run_until_idle().await.unwrap();
    assert_eq!((bank.balance("bob").await, bank.balance("notes").await), (200, 1));
}

#[tokio::test]
async fn commands_may_go_through_the_repository_of_the_program() {
    let bank = Bank::on(&MemoryStore::new());
    bank.deposit("alice", 300).await;
    let reactor = Reactor::from_start(&bank.journal, &InMemory::default(), Transfers).repository(&bank.accounts);
    let handle = reactor.spawn();
    let position = bank.request("t1", "alice", "bob", 200).await;
    handle.wait_for(position).await.unwrap();
    handle.stop().await.unwrap();
    assert_eq!(bank.balance("alice").await, 100);
    assert_eq!(handle.status().name, "transfers");
    let _: Repository<Account, MemoryStore> = bank.accounts;
}
