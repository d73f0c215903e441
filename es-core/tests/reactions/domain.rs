//! Accounts with a limit, and transfers between them: a process that pays back when the second step is rejected.

use std::time::Duration;

use es_core::ExecuteError;
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

pub const LIMIT: u64 = 1_000;
/// A transfer of more than that waits for the receiver.
pub const CONFIRM: u64 = 500;
pub const CONFIRM_WITHIN: Duration = Duration::from_mins(1);

#[derive(Command, Debug, Clone)]
pub struct Deposit {
    pub amount: u64,
}

#[derive(Command, Debug, Clone)]
pub struct Withdraw {
    pub amount: u64,
}

/// Pays back, whatever the limit.
#[derive(Command, Debug, Clone)]
pub struct Refund {
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited")]
pub struct Deposited {
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "withdrawn")]
pub struct Withdrawn {
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("balance falls below 0")]
    BelowZero,
    #[error("balance limit is reached")]
    Limit,
}

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(commands(Deposit, Withdraw, Refund), events(Deposited, Withdrawn), error = AccountError)]
pub struct Account {
    #[apply(Deposited => self.balance + event.amount)]
    #[apply(Withdrawn => self.balance - event.amount)]
    pub balance: u64,
}

impl Handle<Deposit> for Account {
    fn handle(&self, command: Deposit, _: &Context) -> Decision<Self> {
        if self.balance + command.amount > LIMIT {
            return reject(AccountError::Limit);
        }
        accept(Deposited { amount: command.amount })
    }
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw, _: &Context) -> Decision<Self> {
        if command.amount > self.balance {
            return reject(AccountError::BelowZero);
        }
        accept(Withdrawn { amount: command.amount })
    }
}

impl Handle<Refund> for Account {
    fn handle(&self, command: Refund, _: &Context) -> Decision<Self> {
        accept(Deposited { amount: command.amount })
    }
}

#[derive(Command, Debug, Clone)]
pub struct Request {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

#[derive(Command, Debug, Clone)]
pub struct Confirm;

#[derive(Command, Debug, Clone)]
pub struct NoteTaken;

#[derive(Command, Debug, Clone)]
pub struct NotePaid;

#[derive(Command, Debug, Clone)]
pub struct NoteRefunded;

/// Ends the transfer; what was taken is to be paid back.
#[derive(Command, Debug, Clone)]
pub struct GiveUp {
    pub reason: String,
}

/// Ends the transfer if the receiver has not confirmed it: what they did first counts.
#[derive(Command, Debug, Clone)]
pub struct Expire;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "requested")]
pub struct Requested {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "taken")]
pub struct Taken;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "confirmed")]
pub struct Confirmed;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "completed")]
pub struct Completed;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "declined")]
pub struct Declined {
    pub reason: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "given_up")]
pub struct GivenUp {
    pub reason: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "refunded")]
pub struct Refunded;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the transfer is {0:?}")]
pub struct NotNow(pub Progress);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    #[default]
    New,
    Requested,
    Taken,
    Confirmed,
    GivenUp,
    Completed,
    Declined,
    Refunded,
}

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    commands(Request, Confirm, NoteTaken, NotePaid, NoteRefunded, GiveUp, Expire),
    events(Requested, Taken, Confirmed, Completed, Declined, GivenUp, Refunded),
    error = NotNow
)]
pub struct Transfer {
    #[apply(Requested => event.from.clone())]
    pub from: String,
    #[apply(Requested => event.to.clone())]
    pub to: String,
    #[apply(Requested => event.amount)]
    pub amount: u64,
    #[apply(Requested => Progress::Requested)]
    #[apply(Taken => Progress::Taken)]
    #[apply(Confirmed => Progress::Confirmed)]
    #[apply(Completed => Progress::Completed)]
    #[apply(Declined => Progress::Declined)]
    #[apply(GivenUp => Progress::GivenUp)]
    #[apply(Refunded => Progress::Refunded)]
    pub progress: Progress,
}

impl Transfer {
    fn waits_for_receiver(&self) -> bool {
        self.progress == Progress::Taken && self.amount > CONFIRM
    }
}

impl Handle<Request> for Transfer {
    fn handle(&self, Request { from, to, amount }: Request, _: &Context) -> Decision<Self> {
        if self.progress != Progress::New {
            return reject(NotNow(self.progress));
        }
        accept(Requested { from, to, amount })
    }
}

impl Handle<Confirm> for Transfer {
    fn handle(&self, _: Confirm, _: &Context) -> Decision<Self> {
        if !self.waits_for_receiver() {
            return reject(NotNow(self.progress));
        }
        accept(Confirmed)
    }
}

impl Handle<NoteTaken> for Transfer {
    fn handle(&self, _: NoteTaken, _: &Context) -> Decision<Self> {
        if self.progress != Progress::Requested {
            return reject(NotNow(self.progress));
        }
        accept(Taken)
    }
}

impl Handle<NotePaid> for Transfer {
    fn handle(&self, _: NotePaid, _: &Context) -> Decision<Self> {
        if !matches!(self.progress, Progress::Taken | Progress::Confirmed) {
            return reject(NotNow(self.progress));
        }
        accept(Completed)
    }
}

impl Handle<GiveUp> for Transfer {
    fn handle(&self, GiveUp { reason }: GiveUp, _: &Context) -> Decision<Self> {
        match self.progress {
            Progress::Requested => accept(Declined { reason }),
            Progress::Taken | Progress::Confirmed => accept(GivenUp { reason }),
            other => reject(NotNow(other)),
        }
    }
}

impl Handle<Expire> for Transfer {
    fn handle(&self, _: Expire, _: &Context) -> Decision<Self> {
        if !self.waits_for_receiver() {
            return reject(NotNow(self.progress));
        }
        accept(GivenUp { reason: "not confirmed in time".to_owned() })
    }
}

impl Handle<NoteRefunded> for Transfer {
    fn handle(&self, _: NoteRefunded, _: &Context) -> Decision<Self> {
        if self.progress != Progress::GivenUp {
            return reject(NotNow(self.progress));
        }
        accept(Refunded)
    }
}

/// Drives transfers from step to step.
#[derive(Reaction)]
#[reaction(name = "transfers", events(Requested, Taken, Confirmed, GivenUp), sends_to(Account, Transfer))]
pub struct Transfers;

impl Transfers {
    async fn pay(&self, commands: &mut Commands<Self>) -> Reacted {
        let transfer = commands.source::<Transfer>().await?.state;
        match commands.try_send(&transfer.to, Deposit { amount: transfer.amount }).await? {
            Ok(_) => commands.reply(NotePaid).await?,
            Err(rejection) => commands.reply(GiveUp { reason: rejection.to_string() }).await?,
        };
        Ok(())
    }
}

impl React<Requested> for Transfers {
    async fn react(&self, recorded: &Recorded<Requested>, commands: &mut Commands<Self>) -> Reacted {
        let Requested { from, amount, .. } = &recorded.event;
        match commands.try_send(from, Withdraw { amount: *amount }).await? {
            Ok(_) => commands.reply(NoteTaken).await?,
            Err(rejection) => commands.reply(GiveUp { reason: rejection.to_string() }).await?,
        };
        Ok(())
    }
}

impl React<Taken> for Transfers {
    async fn react(&self, _: &Recorded<Taken>, commands: &mut Commands<Self>) -> Reacted {
        if commands.source::<Transfer>().await?.state.waits_for_receiver() {
            commands.after(CONFIRM_WITHIN, "confirm");
            return Ok(());
        }
        self.pay(commands).await
    }

    async fn wake(&self, _: &Recorded<Taken>, _: &Timer, commands: &mut Commands<Self>) -> Reacted {
        // Rejected where the receiver was faster.
        let _ = commands.try_reply(Expire).await?;
        Ok(())
    }
}

impl React<Confirmed> for Transfers {
    async fn react(&self, _: &Recorded<Confirmed>, commands: &mut Commands<Self>) -> Reacted {
        commands.cancel("confirm");
        self.pay(commands).await
    }
}

impl React<GivenUp> for Transfers {
    async fn react(&self, _: &Recorded<GivenUp>, commands: &mut Commands<Self>) -> Reacted {
        let transfer = commands.source::<Transfer>().await?.state;
        commands.send(&transfer.from, Refund { amount: transfer.amount }).await?;
        commands.reply(NoteRefunded).await?;
        Ok(())
    }
}

/// The accounts and transfers of a journal.
pub struct Bank<J> {
    pub journal: J,
    pub accounts: Repository<Account, J>,
    pub transfers: Repository<Transfer, J>,
}

impl<J: Journal + es_core::SnapshotStore + Clone> Bank<J> {
    pub fn on(journal: &J) -> Self {
        Self { journal: journal.clone(), accounts: Repository::new(journal), transfers: Repository::new(journal) }
    }

    pub async fn deposit(&self, account: &str, amount: u64) {
        self.accounts.execute(account, Deposit { amount }).await.unwrap();
    }

    pub async fn request(&self, id: &str, from: &str, to: &str, amount: u64) -> Position {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.transfers.execute(id, Request { from, to, amount }).await.unwrap().position
    }

    pub async fn confirm(&self, id: &str) -> Result<(), ExecuteError<NotNow>> {
        self.transfers.execute(id, Confirm).await.map(drop)
    }

    pub async fn balance(&self, account: &str) -> u64 {
        self.accounts.load(account).await.unwrap().state.balance
    }

    pub async fn progress(&self, id: &str) -> Progress {
        self.transfers.load(id).await.unwrap().state.progress
    }
}
