//! `Bank`: the journal of applications and its read models, in one file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use es_core::prelude::*;
use es_sqlite::{OpenError, SqliteStore};
use indicatif::ProgressBar;

use crate::application::Application;
use crate::views::{Activities, Decisions, Irregularities, OpenWork, Progress};

/// The applications, in a file.
pub struct Bank {
    pub store: SqliteStore,
    pub applications: Repository<Application, SqliteStore>,
    file: PathBuf,
}

/// Where an import is.
pub struct Reached {
    /// The last line that is in the journal; 0 where there is none.
    pub line: u64,
    /// What stands for that line and all before it.
    pub id: String,
}

impl Bank {
    /// Opens the file, which is made if there is none and `create` allows it.
    pub async fn open(file: &Path, create: bool) -> Result<Self, BoxError> {
        let store = match SqliteStore::builder().create(create).open(file).await {
            Ok(store) => store,
            Err(OpenError::Missing { .. }) => {
                let hint = "nothing is imported yet; leave `--report` and `--irregular` away first";
                return Err(format!("there is no file {}: {hint}", file.display()).into());
            }
            Err(error) => return Err(error.into()),
        };
        let applications = Repository::builder(&store).cache(20_000).build();
        Ok(Self { store, applications, file: file.to_owned() })
    }

    /// Deletes the file, if there is one and it is one of this program's.
    pub async fn delete(file: &Path) -> Result<(), BoxError> {
        if !file.exists() {
            return Ok(());
        }
        // Another program's file is an error here, and so is one that another import is at work on.
        let bank = Self::open(file, false).await?;
        let reached = bank.reached().await;
        bank.store.close().await;
        reached?;
        let mut names = vec![file.as_os_str().to_owned()];
        let beside = |suffix: &str| {
            let mut name: OsString = file.as_os_str().to_owned();
            name.push(suffix);
            name
        };
        names.extend(["-wal", "-shm"].map(beside));
        for name in [Activities::NAME, Decisions::NAME, Irregularities::NAME, OpenWork::NAME, Progress::NAME] {
            names.push(beside(&format!("-{name}.lock")));
        }
        for name in names {
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(format!("cannot delete {}: {error}", name.display()).into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Finds out where the import is. An error while another program looks, too.
    pub async fn reached(&self) -> Result<Reached, BoxError> {
        self.bring_up_to_date(Progress).await?;
        let sql = "SELECT line, id FROM progress";
        let found = self.store.read(|db| db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))).await;
        let (line, id): (i64, String) = found?;
        Ok(Reached { line: line.unsigned_abs(), id })
    }

    /// Brings all read models up to what the journal has now, side by side.
    ///
    /// A program that runs on would `spawn()` its projectors and let them follow.
    pub async fn bring_views_up_to_date(&self) -> Result<(), BoxError> {
        let bar = ProgressBar::new_spinner().with_message("bringing the read models up to date");
        bar.enable_steady_tick(Duration::from_millis(100));
        let result = tokio::try_join!(
            self.bring_up_to_date(Activities),
            self.bring_up_to_date(Decisions),
            self.bring_up_to_date(Irregularities),
            self.bring_up_to_date(OpenWork),
            self.bring_up_to_date(Progress),
        );
        bar.finish_and_clear();
        result?;
        Ok(())
    }

    async fn bring_up_to_date<P: Projection<Store = SqliteStore>>(&self, view: P) -> Result<(), BoxError> {
        match Projector::new(&self.store, &self.store, view).run_to_head().await {
            Ok(_) => Ok(()),
            Err(ProjectorError::Held { .. }) => {
                let file = self.file.display();
                Err(format!("another program is at work on {file}; wait until it has ended").into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}
