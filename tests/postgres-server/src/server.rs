//! `Server`: where tests have their databases.

use std::str::FromStr as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Row as _;
use sqlx::postgres::PgConnectOptions;

use crate::claim::Claim;
use crate::database::Database;
use crate::error::ServerError;
use crate::node::Node;
use crate::sql;

/// Names a server that is to be used in place of a private one.
const URL: &str = "ES_POSTGRES_URL";

const FACTS: &str = "SELECT format(
    'PostgreSQL %s with fsync=%s, synchronous_commit=%s, full_page_writes=%s, wal_sync_method=%s, shared_buffers=%s',
    split_part(current_setting('server_version'), ' ', 1), current_setting('fsync'), current_setting('synchronous_commit'),
    current_setting('full_page_writes'), current_setting('wal_sync_method'), current_setting('shared_buffers')
)";

/// A server on which each test has a database of its own.
#[derive(Debug)]
pub struct Server {
    options: PgConnectOptions,
    whose: Whose,
}

/// Whose a server is.
#[derive(Debug)]
enum Whose {
    /// It ends with this.
    Own(#[allow(dead_code, reason = "it is there to be dropped")] Node),
    Others(Claim),
}

static SHARED: OnceLock<Server> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// The server of this process: the one that `ES_POSTGRES_URL` names, or a private one, which is started with the first call.
    ///
    /// # Panics
    ///
    /// When there is none, with a line that says what to install.
    pub fn shared() -> &'static Self {
        SHARED.get_or_init(|| Self::open().unwrap_or_else(|error| panic!("{error}")))
    }

    /// Opens the server that `ES_POSTGRES_URL` names, or else starts a private one, which ends when this is dropped.
    ///
    /// # Errors
    ///
    /// What is missing, or what the server says.
    pub fn open() -> Result<Self, ServerError> {
        match std::env::var(URL) {
            Ok(url) if !url.is_empty() => {
                let options = PgConnectOptions::from_str(&url).map_err(|source| ServerError::Url { source })?;
                let claim = Claim::new(&options)?;
                Ok(Self { options, whose: Whose::Others(claim) })
            }
            _ => {
                let node = Node::start()?;
                Ok(Self { options: node.options(), whose: Whose::Own(node) })
            }
        }
    }

    /// Makes an empty database.
    ///
    /// # Panics
    ///
    /// When the server does not let it, with what it says.
    pub fn database(&self) -> Database {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (name, drop) = match &self.whose {
            Whose::Own(_) => (format!("es_test_{number}"), false),
            Whose::Others(claim) => (claim.database(number), true),
        };
        let made = self.run(&format!("CREATE DATABASE {name}"));
        let made = made.map(|()| Database::new(name, self.options.clone(), drop));
        made.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Whether this program has started it: it has all that the tests need then.
    pub fn is_private(&self) -> bool {
        matches!(self.whose, Whose::Own(_))
    }

    /// Says what figures depend on: the version of the server, and how durable it is.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub fn facts(&self) -> Result<String, ServerError> {
        let rows = sql::run(&self.options, FACTS)?;
        Ok(rows.first().map_or_else(String::new, |row| row.get(0)))
    }

    fn run(&self, statement: &str) -> Result<(), ServerError> {
        sql::run(&self.options, statement).map(drop)
    }
}
