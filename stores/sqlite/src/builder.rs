//! What there is to choose about a store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use es_core::{Clock, SystemClock};

use crate::error::OpenError;
use crate::store::SqliteStore;

/// When an append counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// When it is on the disk: it is there after a power cut.
    #[default]
    Full,
    /// When the operating system has it: it is there after the program was killed, but **a power cut or a crash of the
    /// system can lose the last appends**, although they were answered. The file is sound even then.
    Relaxed,
}

/// On which thread an append is committed and a few events are read, and with it, how long such a future may block the
/// thread that polls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Commits {
    /// On the caller's, while it is the only one to append and commits are short; otherwise on a thread of the store's own,
    /// where all appends that wait are committed together.
    ///
    /// The way to another thread and back takes a single caller about as long as a commit to a fast disk. For as long as that
    /// commit, **a thread of the runtime is blocked**: less than a millisecond on average over the last commits, or it is not done;
    /// a disk that stalls once blocks the thread for that time once. Not done on the caller's thread are large
    /// appends, waiting for another program that holds the file, inline views, and copying the WAL into the file.
    ///
    /// What takes no time to speak of is read there too: up to 64 events of a stream or a snapshot, of no more than
    /// 64 KiB, and its version. After a read that had to wait for the disk for more than a millisecond, the next 64 are done on
    /// threads of the store.
    #[default]
    Adaptive,
    /// Always on a thread of the store's own: no method of the store blocks its caller's thread, however slow the disk.
    OnOwnThread,
}

/// Says what a [`SqliteStore`] is to be like.
#[derive(Debug, Clone)]
pub struct SqliteStoreBuilder {
    pub(crate) durability: Durability,
    pub(crate) commits: Commits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readers: usize,
    pub(crate) busy_timeout: Duration,
    pub(crate) cache_bytes: usize,
    pub(crate) create: bool,
}

impl SqliteStoreBuilder {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            durability: Durability::Full,
            commits: Commits::Adaptive,
            clock: Arc::new(SystemClock),
            readers: processors.clamp(2, 4),
            busy_timeout: Duration::from_secs(5),
            cache_bytes: 32 * 1024 * 1024,
            create: true,
        }
    }

    /// When an append counts as written; [`Durability::Full`] unless this is called.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// On which thread appends are committed; [`Commits::Adaptive`] unless this is called.
    #[must_use]
    pub fn commits(mut self, commits: Commits) -> Self {
        self.commits = commits;
        self
    }

    /// Takes the time from `clock`; from the system unless this is called.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How many queries run at the same time, each on a thread and a connection of its own; 0 counts as 1. Unless
    /// this is called there are as many as processors, from 2 to 4. A store in memory has one connection for everything.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How long to wait for another program that holds the file, before it is an error; 5 seconds unless this is called.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// The most memory for pages of the file, in bytes: half of it to write, half of it shared by those that read.
    /// 32 MiB unless this is called.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Whether a file that does not exist is created; it is unless this is called with `false`.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Opens the file at `path`, see [`SqliteStore::open`].
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`], and [`OpenError::Missing`] for a file that is not to be created.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        crate::store::open(self, Some(path.as_ref())).await
    }

    /// Makes a store in memory, see [`SqliteStore::open_in_memory`].
    ///
    /// # Errors
    ///
    /// [`OpenError::Failed`] where the system has no memory or no threads left.
    pub async fn open_in_memory(self) -> Result<SqliteStore, OpenError> {
        crate::store::open(self, None).await
    }
}
