//! `Server`: where tests have their databases.

use std::str::FromStr as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;

use crate::database::Database;
use crate::error::ServerError;
use crate::node::Node;
use crate::sql;

/// Names a server that is to be used in place of a private one.
const URL: &str = "ES_POSTGRES_URL";

/// A server on which each test has a database of its own.
#[derive(Debug)]
pub struct Server {
    options: PgConnectOptions,
    /// `None` where it is another one's.
    node: Option<Node>,
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
                Ok(Self { options, node: None })
            }
            _ => {
                let node = Node::start()?;
                Ok(Self { options: node.options(), node: Some(node) })
            }
        }
    }

    /// Makes an empty database.
    ///
    /// # Panics
    ///
    /// When the server does not let it, with what it says.
    pub fn database(&self) -> Database {
        let name = format!("es_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let made = self.run(&format!("DROP DATABASE IF EXISTS {name}")).and_then(|()| {
            self.run(&format!("CREATE DATABASE {name}"))?;
            Ok(Database::new(name, self.options.clone(), self.node.is_none()))
        });
        made.unwrap_or_else(|error| panic!("{error}"))
    }

    fn run(&self, statement: &str) -> Result<(), ServerError> {
        sql::run(&self.options, statement).map(drop)
    }
}
