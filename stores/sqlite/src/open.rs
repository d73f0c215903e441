//! Opening a file: connections that are set up, and a schema of the version that this program knows.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use es_core::{JournalId, Position};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::builder::{Durability, SqliteStoreBuilder};
use crate::error::OpenError;
use crate::place::{Failure, Place};
use crate::reader::{Names, Reader};

/// Names this crate in the header of its files: "esJ1".
const APPLICATION: i32 = 0x6573_4a31;

/// The version of the schema that this program knows.
const VERSION: u32 = 6;
/// How each version is made of the one before it, from 0, an empty file.
const MIGRATIONS: [&str; VERSION as usize] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// Statements that are kept ready on each connection.
const STATEMENTS: usize = 64;
/// What is left of a WAL that had grown above it, in bytes.
const WAL_BYTES: i64 = 64 * 1024 * 1024;

/// A database that is ready for use.
pub(crate) struct Opened {
    pub(crate) id: JournalId,
    pub(crate) head: Position,
    pub(crate) place: Place,
    pub(crate) writer: Reader,
    /// None for a database in memory, where the writer reads as well.
    pub(crate) readers: Vec<Reader>,
    pub(crate) watch: Option<Connection>,
}

/// Opens the file at `path`, or a database in memory.
pub(crate) fn open(options: &SqliteStoreBuilder, path: Option<&Path>) -> Result<Opened, OpenError> {
    let Some(path) = path else { return open_in_memory(options) };
    let failed = |source: std::io::Error| OpenError::Failed { path: path.to_owned(), source: source.into() };
    // A path from the root has no meaning of its own to SQLite, as `:memory:` and the empty one have.
    let path = std::path::absolute(path).map_err(failed)?;
    let opening = Opening { options, path: &path };
    opening.check_path()?;
    opening.open().map_err(|failure| opening.error(failure))
}

fn open_in_memory(options: &SqliteStoreBuilder) -> Result<Opened, OpenError> {
    let path = PathBuf::from(":memory:");
    let opening = Opening { options, path: &path };
    let made = || -> Result<Opened, Trouble> {
        let db = Connection::open_in_memory()?;
        opening.set_up(&db, options.cache_bytes)?;
        let id = opening.make_ready(&db)?;
        let writer = Reader { db, names: Names::new() };
        Ok(Opened { id, head: Position::START, place: Place::memory(), writer, readers: Vec::new(), watch: None })
    };
    made().map_err(|failure| opening.error(failure))
}

/// Fails where the schema is not what this program knows any more, since another one has migrated the file. To be called within a
/// transaction that is to write.
pub(crate) fn check_schema(db: &Connection) -> Result<(), Failure> {
    let found: i64 = db.prepare_cached("PRAGMA user_version")?.query_row((), |row| row.get(0))?;
    if found == i64::from(VERSION) {
        return Ok(());
    }
    let what = format!(
        "another program has brought the file to version {found} of the schema, and this one writes version {VERSION}; \
         restart it, with the es-sqlite of the other one"
    );
    Err(rusqlite::Error::ToSqlConversionFailure(what.into()).into())
}

/// Why a database is not ready for use.
enum Trouble {
    /// It cannot be, and this says why.
    Refused(OpenError),
    /// The database failed.
    Failed(Failure),
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

struct Opening<'a> {
    options: &'a SqliteStoreBuilder,
    path: &'a Path,
}

impl Opening<'_> {
    fn path(&self) -> PathBuf {
        self.path.to_owned()
    }

    /// Looks at what SQLite would say too little about. Nothing is opened: to close a file would take away the locks
    /// that another connection of this process has on it.
    fn check_path(&self) -> Result<(), OpenError> {
        let path = self.path();
        let kind = |error: &std::io::Error| error.kind();
        match self.path.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(()),
            Ok(_) => Err(OpenError::NotAFile { path }),
            Err(error) if kind(&error) == std::io::ErrorKind::NotFound => {
                let folder = self.path.parent().unwrap_or(self.path);
                if !folder.is_dir() {
                    return Err(OpenError::NoFolder { path, folder: folder.to_owned() });
                }
                if self.options.create { Ok(()) } else { Err(OpenError::Missing { path }) }
            }
            Err(error) if kind(&error) == std::io::ErrorKind::NotADirectory => {
                let folder = self.path.parent().unwrap_or(self.path).to_owned();
                Err(OpenError::NoFolder { path, folder })
            }
            Err(error) if kind(&error) == std::io::ErrorKind::PermissionDenied => {
                Err(OpenError::Denied { path, source: error.into() })
            }
            Err(error) => Err(OpenError::Failed { path, source: error.into() }),
        }
    }

    fn open(&self) -> Result<Opened, Trouble> {
        let half = self.options.cache_bytes / 2;
        let writer = self.connect(half)?;
        let id = self.make_ready(&writer)?;
        let head = Position::new(crate::reader::head(&writer)?);
        let readers = self.options.readers;
        let read = |cache_bytes| -> Result<Connection, Trouble> {
            let db = self.connect(cache_bytes)?;
            db.pragma_update(None, "query_only", true)?;
            Ok(db)
        };
        let readers = (0..readers)
            .map(|_| Ok(Reader { db: read(half / readers)?, names: Names::new() }))
            .collect::<Result<_, Trouble>>()?;
        let watch = Some(read(0)?);
        let writer = Reader { db: writer, names: Names::new() };
        Ok(Opened { id, head, place: Place::file(self.path), writer, readers, watch })
    }

    /// A connection to the file. One that may not write is for reading, as SQLite has it.
    fn connect(&self, cache_bytes: usize) -> Result<Connection, Trouble> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if self.options.create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let db = Connection::open_with_flags(self.path, flags)?;
        self.set_up(&db, cache_bytes)?;
        Ok(db)
    }

    fn set_up(&self, db: &Connection, cache_bytes: usize) -> Result<(), Trouble> {
        db.busy_timeout(self.options.busy_timeout)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        let kibibytes = i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX).max(64);
        db.pragma_update(None, "cache_size", -kibibytes)?;
        db.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
        let synchronous = match self.options.durability {
            Durability::Full => "FULL",
            Durability::Relaxed => "NORMAL",
        };
        db.pragma_update(None, "synchronous", synchronous)?;
        // Whatever a program compiles SQLite with.
        db.pragma_update(None, "trusted_schema", false)?;
        Ok(())
    }

    /// Makes a new file a journal, and an older one one of today. Gives its id.
    fn make_ready(&self, db: &Connection) -> Result<JournalId, Trouble> {
        // What is read of the file belongs together: another program may be making it ready.
        let reading = rusqlite::Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
        let version = self.check_version(&reading)?;
        drop(reading);
        if db.is_readonly(MAIN_DB)? {
            if version < VERSION {
                let source = "it is empty, or of an older version".into();
                return Err(OpenError::ReadOnly { path: self.path(), source }.into());
            }
        } else {
            self.use_wal(db)?;
            if version < VERSION {
                self.migrate(db)?;
            }
            // Where this fails, the next append does it, or says why it cannot be done.
            let _ = crate::writer::enter_ids(db);
        }
        let sql = "SELECT value FROM meta WHERE key = 'journal'";
        let id: Option<String> = db.query_row(sql, (), |row| row.get(0)).optional()?;
        let id = id.and_then(|text| text.parse().ok()).ok_or_else(|| OpenError::Damaged {
            path: self.path(),
            what: "it has lost the id of its journal".to_owned(),
        })?;
        Ok(JournalId(id))
    }

    /// The version of the schema; 0 for an empty file.
    fn check_version(&self, db: &Connection) -> Result<u32, Trouble> {
        let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let application_id = pragma("application_id")?;
        let path = self.path();
        if application_id == APPLICATION {
            let found = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
            return match found {
                0 => Err(OpenError::Damaged { path, what: "it has no version of a schema".to_owned() }.into()),
                found if found > VERSION => Err(OpenError::Newer { path, found, known: VERSION }.into()),
                found => Ok(found),
            };
        }
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        if application_id != 0 || tables > 0 {
            return Err(OpenError::Foreign { path, application_id }.into());
        }
        Ok(0)
    }

    /// SQLite does not wait for others before it changes to WAL, so this does.
    fn use_wal(&self, db: &Connection) -> Result<(), Trouble> {
        let started = Instant::now();
        loop {
            match db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
                // Where it cannot be, SQLite says so and leaves it as it is. A database in memory has no need of it.
                Ok(mode) if mode == "wal" || mode == "memory" => return Ok(()),
                Ok(mode) => return Err(OpenError::NoWal { path: self.path(), mode }.into()),
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && started.elapsed() < self.options.busy_timeout =>
                {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn migrate(&self, db: &Connection) -> Result<(), Trouble> {
        let transaction = rusqlite::Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        // Another program may have been faster.
        let version = self.check_version(&transaction)?;
        let first = usize::try_from(version).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.iter().skip(first) {
            transaction.execute_batch(migration)?;
        }
        if version == 0 {
            let id = JournalId::new().0.to_string();
            transaction.execute("INSERT INTO meta (key, value) VALUES ('journal', ?1)", [id])?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        Ok(())
    }

    fn error(&self, trouble: Trouble) -> OpenError {
        let path = self.path();
        let error = match trouble {
            Trouble::Refused(error) => return error,
            Trouble::Failed(Failure::Damaged { what, .. }) => return OpenError::Damaged { path, what },
            Trouble::Failed(Failure::View { what, .. }) => return OpenError::Failed { path, source: what.into() },
            Trouble::Failed(Failure::Sqlite(error)) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, what: error.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy { path, source: error.into() },
            Some(ErrorCode::ReadOnly) => OpenError::ReadOnly { path, source: error.into() },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                OpenError::Denied { path, source: error.into() }
            }
            _ => OpenError::Failed { path, source: error.into() },
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_in_wal_mode_is_an_error() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("journal.db");
        let options = SqliteStoreBuilder::new();
        let opening = Opening { options: &options, path: &path };
        // As on a file system whose files cannot be shared as memory.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let db = Connection::open_with_flags_and_vfs(&path, flags, c"unix-dotfile").unwrap();
        let error = opening.make_ready(&db).map_err(|trouble| opening.error(trouble)).unwrap_err();
        assert!(matches!(&error, OpenError::NoWal { mode, .. } if mode == "delete"), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).unwrap();
        assert_eq!(tables, 0, "nothing is changed");
    }
}
