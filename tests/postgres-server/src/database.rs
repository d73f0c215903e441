//! `Database`: what one test has of a server.

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::proxy::Proxy;
use crate::sql;

/// An empty database on a server, for one test.
///
/// On a server that is not a private one it is dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    server: PgConnectOptions,
    drop: bool,
}

impl Database {
    pub(crate) fn new(name: String, server: PgConnectOptions, drop: bool) -> Self {
        Self { name, server, drop }
    }

    /// Its address, as `postgres://user:password@host:port/name`.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().into()
    }

    /// Its address through a proxy that stands before its server.
    pub fn url_through(&self, proxy: &Proxy) -> String {
        let address = proxy.address();
        self.options().host(&address.ip().to_string()).port(address.port()).to_url_lossy().into()
    }

    /// What is needed to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.drop {
            // What is left over is dropped by the next process that comes.
            let _ = sql::run(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}
