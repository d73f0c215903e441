//! Statements for the server, from a thread that may be one of a runtime.

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::error::ServerError;

/// Runs statements in a connection of their own; gives the rows.
pub(crate) fn run(options: &PgConnectOptions, sql: &str) -> Result<Vec<PgRow>, ServerError> {
    let work = async {
        let mut connection = options.connect().await?;
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok(rows)
    };
    // A thread that drives a runtime cannot drive another one.
    let result = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(sqlx::Error::Io)?.block_on(work)
        });
        running.join().unwrap_or(Err(sqlx::Error::WorkerCrashed))
    });
    result.map_err(|source| ServerError::Sql { sql: sql.to_owned(), source })
}
