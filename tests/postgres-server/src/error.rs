//! `ServerError`: why there is no server.

use std::path::PathBuf;

/// Says why there is no server, or why it does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// There is no PostgreSQL on this machine, and it may not be installed from here.
    #[error(
        "no PostgreSQL server is installed: install one (`apt-get install postgresql`, `dnf install postgresql-server`, \
         `brew install postgresql`), or name one that runs in `ES_POSTGRES_URL`"
    )]
    NotInstalled,
    /// PostgreSQL could not be installed.
    #[error("cannot install PostgreSQL: `{command}` failed: {output}")]
    Install {
        /// What was run.
        command: String,
        /// What it said last.
        output: String,
    },
    /// A program of the server failed.
    #[error("`{command}` failed: {output}")]
    Program {
        /// What was run.
        command: String,
        /// What it said last.
        output: String,
    },
    /// A program could not be run, or a file not be written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The server does not do what it is told.
    #[error("the server cannot do `{sql}`: {source}")]
    Sql {
        /// The statement.
        sql: String,
        /// What the server says.
        source: sqlx::Error,
    },
    /// The server did not answer in time.
    #[error("the server does not {what} within a minute; the end of its log: {log}")]
    Silent {
        /// What was waited for.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The server ended by itself.
    #[error("the server does not start; the end of its log: {log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// `ES_POSTGRES_URL` is no address of a server.
    #[error("`ES_POSTGRES_URL` is not an address as `postgres://user:password@host:5432/database`: {source}")]
    Url {
        /// What is wrong with it.
        source: sqlx::Error,
    },
}

impl ServerError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
