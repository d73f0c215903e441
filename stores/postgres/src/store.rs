//! `PostgresStore`: a handle on the connections to one journal.

use std::fmt;
use std::sync::Arc;

use es_core::Clock;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool};

use crate::builder::PostgresStoreBuilder;
use crate::error::ConnectError;
use crate::place::Place;
use crate::projection::Projections;
use crate::schema::{Known, Schema, make_ready};

/// A journal and its snapshots in one schema of a PostgreSQL database.
///
/// Clones are handles on the same store. Connections are closed with the last of them, or by [`close`](Self::close).
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

#[expect(dead_code, reason = "the journal comes next")]
struct Shared {
    known: Known,
    place: Place,
    schema: Schema,
    clock: Arc<dyn Clock>,
    pool: PgPool,
    projections: Projections,
}

impl PostgresStore {
    /// Connects to the database at `url`: `postgres://user:password@host:port/database`. The tables are created where
    /// they are missing.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`], which says what keeps the database from being used.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::builder().connect(url).await
    }

    /// Makes a store that is not like the default.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder::new()
    }

    /// The SQL that makes the tables of a journal in the schema `schema`, for those who apply it themselves.
    ///
    /// It stands in one transaction, for a database that has no such tables yet.
    ///
    /// # Errors
    ///
    /// [`ConnectError::SchemaName`] for a schema that cannot be.
    pub fn schema_sql(schema: &str) -> Result<String, ConnectError> {
        Ok(Schema::new(schema)?.all())
    }

    /// The pool for queries of your own: those of read models, above all.
    pub fn pool(&self) -> &PgPool {
        &self.shared.pool
    }

    /// Closes all connections, for all handles, once what was asked for before is done.
    pub async fn close(&self) {
        self.shared.projections.close().await;
        self.shared.pool.close().await;
    }

    pub(crate) fn projections(&self) -> &Projections {
        &self.shared.projections
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { known, place, .. } = &*self.shared;
        f.debug_struct("PostgresStore").field("place", &place.name()).field("id", &known.id.0).finish_non_exhaustive()
    }
}

/// Makes the database ready, and the connections.
pub(crate) async fn connect(
    builder: PostgresStoreBuilder,
    options: PgConnectOptions,
) -> Result<PostgresStore, ConnectError> {
    let schema = Schema::new(&builder.schema)?;
    let place = Place::new(&options, &schema);
    let failed = |error| place.connect_error(error);
    let mut db = PgConnection::connect_with(&options).await.map_err(failed)?;
    let known = make_ready(&mut db, &schema, &place, builder.migrate).await?;
    // Everything is done; that the server is told so is a courtesy.
    let _ = db.close().await;
    let projections = Projections::new(&schema, &place, &options, builder.lease_time);
    let pool = builder.pool.test_before_acquire(false).connect_lazy_with(options);
    let shared = Shared { known, place, schema, clock: builder.clock, pool, projections };
    Ok(PostgresStore { shared: Arc::new(shared) })
}
