//! `Bank`: the accounts of one journal file, as the commands of the program use them.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use es_core::prelude::*;
use es_sqlite::{OpenError, SqliteStore};

use crate::account::{Account, AccountError, TransferFrom, TransferTo};

/// The accounts of one journal file, and who is working on them.
pub struct Bank {
    store: SqliteStore,
    accounts: Repository<Account, SqliteStore>,
    file: PathBuf,
    actor: String,
}

/// Says what is wrong with what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// There are no accounts yet.
    #[error("there is no file {}; the first increase creates it", .0.display())]
    NoFile(PathBuf),
    /// Nothing ever happened to the account.
    #[error("there is no account {account} in {}", file.display())]
    NoAccount {
        /// The account.
        account: String,
        /// The file of the journal.
        file: PathBuf,
    },
    /// Money was to be moved to where it is.
    #[error("{0} cannot transfer to itself")]
    SameAccount(String),
}

/// Which state of an account is asked for.
#[derive(Clone, Copy)]
pub enum When {
    /// The state of now.
    Now,
    /// The state after an event.
    Version(u64),
    /// The state at a time.
    Time(Timestamp),
}

impl Bank {
    /// Opens the journal in `file` to change it; creates it if there is none.
    pub async fn open(file: &Path, actor: String) -> Result<Self, BoxError> {
        Ok(Self::on(SqliteStore::open(file).await?, file, actor))
    }

    /// Opens the journal in `file` to read it: looking something up creates no file.
    pub async fn open_existing(file: &Path, actor: String) -> Result<Self, BoxError> {
        match SqliteStore::builder().create(false).open(file).await {
            Ok(store) => Ok(Self::on(store, file, actor)),
            Err(OpenError::Missing { .. }) => Err(BankError::NoFile(file.to_owned()).into()),
            Err(error) => Err(error.into()),
        }
    }

    fn on(store: SqliteStore, file: &Path, actor: String) -> Self {
        let accounts = Repository::new(&store);
        Self { store, accounts, file: file.to_owned(), actor }
    }

    /// Does `work` on the bank, then closes the file: between two runs the journal is that one file, with none beside it.
    pub async fn close_after<T>(&self, work: impl Future<Output = T>) -> T {
        let result = work.await;
        self.store.close().await;
        result
    }

    /// The accounts.
    pub fn accounts(&self) -> &Repository<Account, SqliteStore> {
        &self.accounts
    }

    /// Begins a unit of work on the accounts.
    pub fn unit_of_work(&self) -> UnitOfWork<SqliteStore> {
        UnitOfWork::new(&self.store).actor(&self.actor)
    }

    /// Executes a command on an account, and prints what it led to.
    pub async fn execute(
        &self,
        account: &str,
        command: impl Into<<Account as Aggregate>::Command>,
    ) -> Result<(), BoxError> {
        let outcome = self.accounts.execute(account, command).actor(&self.actor).await?;
        print_balance(account, &outcome.state, outcome.version)?;
        Ok(())
    }

    /// Moves money from one account to another: both change or none.
    pub async fn transfer(&self, from: &str, to: &str, amount: u64) -> Result<(), BoxError> {
        if from == to {
            return Err(BankError::SameAccount(from.to_owned()).into());
        }
        let transfer = self.unit_of_work().run(async |unit| {
            let out = TransferTo { by: amount, to: to.to_owned() };
            let into = TransferFrom { by: amount, from: from.to_owned() };
            let from = unit.execute(&self.accounts, from, out).await?;
            let to = unit.execute(&self.accounts, to, into).await?;
            Ok::<_, ExecuteError<AccountError>>((from, to))
        });
        let ((after_from, after_to), _) = transfer.await?;
        print_balance(from, &after_from.state, after_from.version)?;
        print_balance(to, &after_to.state, after_to.version)?;
        Ok(())
    }

    /// Prints what is in an account, or was.
    pub async fn show(&self, account: &str, when: When) -> Result<(), BoxError> {
        self.check_exists(account).await?;
        let load = self.accounts.load(account);
        let loaded = match when {
            When::Now => load.await?,
            When::Version(version) => load.at_version(version).await?,
            When::Time(time) => load.as_of(time).await?,
        };
        print_balance(account, &loaded.state, loaded.version)?;
        Ok(())
    }

    /// Prints the events of an account: who did what when, and the balance after it.
    pub async fn history(&self, account: &str) -> Result<(), BoxError> {
        self.check_exists(account).await?;
        let mut out = BufWriter::new(io::stdout());
        let mut state = Account::default();
        let mut pages = self.accounts.history(account).pages();
        while let Some(page) = pages.next().await? {
            for recorded in page {
                let Recorded { event, version, recorded_at, metadata, .. } = recorded;
                state.apply_event(&event);
                let actor = metadata.actor.as_deref().unwrap_or("unknown");
                let balance = state.balance;
                let transfer = event.transfer().map(|transfer| format!(", {transfer}")).unwrap_or_default();
                writeln!(
                    out,
                    "#{version:<4} {recorded_at}  {event:<17}  balance {balance:<4}  by {actor}{transfer}",
                    event = event.to_string()
                )?;
            }
        }
        out.flush()?;
        Ok(())
    }

    async fn check_exists(&self, account: &str) -> Result<(), BoxError> {
        if self.accounts.load(account).await?.version > 0 {
            return Ok(());
        }
        Err(BankError::NoAccount { account: account.to_owned(), file: self.file.clone() }.into())
    }
}

fn print_balance(account: &str, state: &Account, version: u64) -> io::Result<()> {
    writeln!(io::stdout(), "{account}: balance {} (version {version})", state.balance)
}
