//! Making a database ready: one process at a time, all of it or nothing.

use std::time::Duration;

use es_core::JournalId;
use sqlx::{Connection, Executor, PgConnection, Row};
use uuid::Uuid;

use super::{MIGRATIONS, Schema, VERSION};
use crate::connections::{in_time, silent};
use crate::error::ConnectError;
use crate::place::Place;

/// The oldest server that has what the order of the journal needs, as `server_version_num` has it.
const OLDEST_SERVER: i32 = 13_00_00;

/// What is known of a journal once it is ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) id: JournalId,
}

/// Makes an empty schema a journal, and an older one one of today.
pub(crate) async fn make_ready(
    db: &mut PgConnection,
    schema: &Schema,
    place: &Place,
    migrate: bool,
    limit: Duration,
) -> Result<Known, ConnectError> {
    let failed = |error| place.connect_error(error);
    let silent = |_| failed(silent(limit));
    let checking = async {
        check_server(db, place).await?;
        check_version(db, schema, place).await
    };
    // How long a migration takes nobody knows; what is asked before and after it is answered at once.
    if tokio::time::timeout(limit, checking).await.map_err(silent)?? < VERSION {
        if !migrate {
            let found = check_version(db, schema, place).await?;
            return Err(ConnectError::NotReady { store: place.name(), found, needed: VERSION });
        }
        let mut tx = db.begin().await.map_err(failed)?;
        tx.execute(sqlx::raw_sql(include_str!("migrating.sql"))).await.map_err(failed)?;
        // Another process may be at it: then it has been faster.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('es ' || $1, 0))")
            .bind(schema.name())
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let version = check_version(&mut tx, schema, place).await?;
        if version == 0 && !exists(&mut tx, schema).await.map_err(failed)? {
            tx.execute(schema.sql("CREATE SCHEMA {schema}")).await.map_err(failed)?;
        }
        for migration in &MIGRATIONS[version as usize..] {
            sqlx::raw_sql(schema.sql(migration)).execute(&mut *tx).await.map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
    }
    let sql = schema.sql("SELECT journal FROM {schema}.meta");
    let id = in_time(limit, sqlx::query_scalar::<_, Uuid>(sql).fetch_optional(&mut *db)).await;
    let id = id.map_err(failed)?.ok_or_else(|| lost_meta(place))?;
    Ok(Known { id: JournalId(id) })
}

async fn check_server(db: &mut PgConnection, place: &Place) -> Result<(), ConnectError> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'), \
         current_setting('server_encoding'), current_setting('synchronous_standby_names') <> ''",
    )
    .fetch_one(db)
    .await
    .map_err(|error| place.connect_error(error))?;
    let unsuitable = |what| Err(ConnectError::Unsuitable { store: place.name(), what });
    if row.get::<i32, _>(0) < OLDEST_SERVER {
        return unsuitable(format!(
            "the server is PostgreSQL {}, and 13 is the oldest that can",
            row.get::<&str, _>(1)
        ));
    }
    let encoding: &str = row.get(2);
    if encoding != "UTF8" {
        return unsuitable(format!("its encoding is {encoding}; create a database with the encoding UTF8"));
    }
    if row.get(3) && !hears_warnings() {
        let what = "it commits on standbys, and says by a warning when one has not confirmed; this program is built without \
                    warnings: leave out features of `tracing` such as `release_max_level_error`";
        return unsuitable(what.to_owned());
    }
    Ok(())
}

/// Whether warnings of the server get to this program: sqlx logs them, by `tracing`.
fn hears_warnings() -> bool {
    tracing::level_filters::STATIC_MAX_LEVEL >= tracing::Level::WARN
}

/// The version of the schema; 0 where there is none, or nothing in it.
async fn check_version(db: &mut PgConnection, schema: &Schema, place: &Place) -> Result<u32, ConnectError> {
    let failed = |error| place.connect_error(error);
    let sql = "SELECT count(*) FILTER (WHERE relname = 'meta') > 0, count(*) > 0 FROM pg_class \
               WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)";
    let row = sqlx::query(sql).bind(schema.name()).fetch_one(&mut *db).await.map_err(failed)?;
    match (row.get(0), row.get(1)) {
        (true, _) => {}
        (false, false) => return Ok(0),
        (false, true) => return Err(ConnectError::Foreign { store: place.name() }),
    }
    let found: i32 = match sqlx::query_scalar(schema.sql("SELECT es_schema_version FROM {schema}.meta"))
        .fetch_optional(&mut *db)
        .await
    {
        Ok(found) => found.ok_or_else(|| lost_meta(place))?,
        // Another application's table of that name.
        Err(error) if crate::place::code(&error).as_deref() == Some("42703") => {
            return Err(ConnectError::Foreign { store: place.name() });
        }
        Err(error) => return Err(failed(error)),
    };
    match u32::try_from(found) {
        Ok(found @ 1..=VERSION) => Ok(found),
        Ok(found @ 1..) => Err(ConnectError::Newer { store: place.name(), found, known: VERSION }),
        _ => {
            let what = format!("it says that its schema has version {found}");
            Err(ConnectError::Damaged { store: place.name(), what })
        }
    }
}

async fn exists(db: &mut PgConnection, schema: &Schema) -> Result<bool, sqlx::Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    sqlx::query_scalar(sql).bind(schema.name()).fetch_one(db).await
}

fn lost_meta(place: &Place) -> ConnectError {
    ConnectError::Damaged { store: place.name(), what: "it has lost the id of its journal".to_owned() }
}

/// Names the tables that a connection leads to, for as long as they are the same tables of the same server, which has not
/// been started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) String);

/// Looks whether the journal is where it was. Where its tables were restored on another server, or in another database,
/// the ids of transactions may start anew: then a new generation begins, whose positions come after all there are.
pub(crate) async fn check_place(db: &mut PgConnection, schema: &Schema) -> Result<Origin, sqlx::Error> {
    let row = sqlx::query(schema.sql(include_str!("moved.sql"))).fetch_one(&mut *db).await?;
    if row.try_get(0)? {
        db.execute(schema.sql(include_str!("begin_generation.sql"))).await?;
        tracing::warn!(schema = schema.name(), "the journal was restored: a new generation of positions begins");
    }
    Ok(Origin(row.try_get(1)?))
}
