//! `Claim`: names this process on a server that is not its own, and says that it is there.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::mpsc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use crate::error::ServerError;
use crate::sql;

/// Begins the name of each database of a test.
const TEST: &str = "es_test_";

/// The database that names are locked in, whichever one the tests are told to connect to: a lock is of one database.
const LOCKS: &str = "postgres";

/// A name that no other process has, also on another machine. It is locked on the server for as long as this process
/// lives, by a connection that ends with it.
#[derive(Debug)]
pub(crate) struct Claim(String);

impl Claim {
    /// Takes a name; drops the databases that processes have left there which are gone.
    pub(crate) fn new(server: &PgConnectOptions) -> Result<Self, ServerError> {
        let name = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let server = &server.clone().database(LOCKS);
        hold(server, format!("SELECT pg_advisory_lock({})", key(&name)))?;
        clear(server)?;
        Ok(Self(name))
    }

    /// The name of a database of this process.
    pub(crate) fn database(&self, number: u32) -> String {
        format!("{TEST}{}_{number}", self.0)
    }
}

/// The lock of a process, as SQL has it.
fn key(process: &str) -> String {
    format!("hashtextextended('{TEST}{process}', 0)")
}

/// Runs a statement in a connection that stays for as long as this process.
fn hold(server: &PgConnectOptions, statement: String) -> Result<(), ServerError> {
    let (server, (begun, has_begun)) = (server.clone(), mpsc::channel());
    let text = statement.clone();
    std::thread::spawn(move || {
        let holding = async {
            let held = async {
                let mut connection = server.connect().await?;
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
                Ok::<_, sqlx::Error>(connection)
            };
            let held = held.await;
            let (result, _connection) = match held {
                Ok(connection) => (Ok(()), Some(connection)),
                Err(error) => (Err(error), None),
            };
            let is_held = result.is_ok();
            let _ = begun.send(result);
            if is_held {
                std::future::pending::<()>().await;
            }
        };
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            runtime.block_on(holding);
        }
    });
    let result = has_begun.recv().unwrap_or(Err(sqlx::Error::WorkerCrashed));
    result.map_err(|source| ServerError::Sql { sql: text, source })
}

/// Drops the databases of processes that are gone.
fn clear(server: &PgConnectOptions) -> Result<(), ServerError> {
    let all = format!("SELECT datname::text FROM pg_database WHERE datname LIKE '{}%'", TEST.replace('_', "\\_"));
    for row in sql::run(server, &all)? {
        let database: String = row.get(0);
        let Some(process) = process(&database) else { continue };
        let rows = sql::run(server, &format!("SELECT pg_try_advisory_lock({})", key(process)))?;
        if rows.first().is_some_and(|row| row.get(0)) {
            // Another process may be at it too, or somebody is connected who is not to be.
            let _ = sql::run(server, &format!("DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)"));
        }
    }
    Ok(())
}

/// The process that a database is of; `None` where it does not have exactly such a name as [`Claim::database`] gives.
fn process(database: &str) -> Option<&str> {
    let (process, number) = database.strip_prefix(TEST)?.split_once('_')?;
    let is_process = process.len() == 16 && process.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = number.parse::<u32>().is_ok_and(|parsed| parsed.to_string() == number);
    (is_process && is_number).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_such_names_as_are_given_are_those_of_processes() {
        let claim = Claim("00c0ffee00c0ffee".to_owned());
        assert_eq!(process(&claim.database(0)), Some("00c0ffee00c0ffee"));
        assert_eq!(process(&claim.database(u32::MAX)), Some("00c0ffee00c0ffee"));
        for other in [
            "es_test_of_somebody",
            "es_test_00c0ffee00c0ffee",
            "es_test_00c0ffee00c0ffee_",
            "es_test_00c0ffee00c0ffee_01",
            "es_test_00c0ffee00c0ffee_+1",
            "es_test_00c0ffee00c0ffee_1_copy",
            "es_test_00C0FFEE00C0FFEE_1",
            "es_test_00c0ffee00c0ffee_1\" WITH (FORCE); --",
        ] {
            assert_eq!(process(other), None, "{other}");
        }
    }
}
