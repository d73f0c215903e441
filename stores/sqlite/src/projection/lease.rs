//! `SqliteLease`: the right to advance a projection.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::JournalError;
use rusqlite::Connection;

use super::checkpoint;
use crate::place::{Failure, Place};

/// The right to advance a projection whose read model is in an SQLite file.
///
/// It is a lock of the operating system on a file beside the database, `bank.db-balances.lock`, so it ends with the process that has it.
#[derive(Debug)]
pub struct SqliteLease {
    pub(super) projection: String,
    /// The number of this lease; a later one has a greater number.
    pub(super) epoch: i64,
    _lock: Lock,
}

/// What excludes others, until it is dropped.
#[derive(Debug)]
pub(super) enum Lock {
    File { _file: File },
    Memory { projection: String, leases: Arc<Leases> },
}

/// Who may have a projection at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Nobody else.
    No,
    /// Others that have it inline.
    WithInline,
}

/// The projections of a store in memory that are taken, and how often.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<HashMap<String, (Share, usize)>>);

impl Leases {
    fn taken(&self) -> MutexGuard<'_, HashMap<String, (Share, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, projection: &str, share: Share) -> bool {
        let mut taken = self.taken();
        let (as_what, times) = taken.entry(projection.to_owned()).or_insert((share, 0));
        let may = *times == 0 || (*as_what == Share::WithInline && share == Share::WithInline);
        if may {
            (*as_what, *times) = (share, *times + 1);
        }
        may
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Self::Memory { projection, leases } = self
            && let Some((_, times)) = leases.taken().get_mut(projection)
        {
            *times = times.saturating_sub(1);
        }
    }
}

impl Lock {
    /// Excludes others from a projection; `None` where another one does.
    pub(super) fn take(
        projection: &str,
        share: Share,
        place: &Place,
        leases: &Arc<Leases>,
    ) -> Result<Option<Self>, JournalError> {
        let Some(database) = place.path() else {
            let taken = leases.take(projection, share);
            return Ok(taken.then(|| Self::Memory { projection: projection.to_owned(), leases: Arc::clone(leases) }));
        };
        let path = lock_path(database, projection);
        let failed = |source: std::io::Error| {
            let store = place.name();
            let kind = source.kind();
            let source = format!("`{}`: {source}", path.display()).into();
            match kind {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly { store, source },
                _ => JournalError::Failed { store, action: "lock a projection", source },
            }
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let locked = match share {
            Share::No => file.try_lock(),
            Share::WithInline => file.try_lock_shared(),
        };
        match locked {
            Ok(()) => Ok(Some(Self::File { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl SqliteLease {
    pub(super) fn new(projection: &str, epoch: i64, lock: Lock) -> Self {
        Self { projection: projection.to_owned(), epoch, _lock: lock }
    }

    /// What it is the right to.
    pub(crate) fn name(&self) -> &str {
        &self.projection
    }

    /// Whether nobody has taken it over.
    pub(crate) fn is_current(&self, db: &Connection) -> Result<bool, Failure> {
        Ok(checkpoint::epoch(db, &self.projection)? == self.epoch)
    }
}

fn lock_path(database: &Path, projection: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!("-{projection}.lock"));
    PathBuf::from(path)
}
