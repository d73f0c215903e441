//! `Postgres`: a server, started when it is needed for the first time.

use std::cell::OnceCell;

use es_postgres_server::{Database, Server};

#[derive(Default)]
pub(crate) struct Postgres(OnceCell<Result<Server, String>>);

impl Postgres {
    /// Makes an empty database. The error says what is missing.
    pub(crate) fn database(&self) -> Result<Database, String> {
        let server = self.0.get_or_init(|| Server::open().map_err(|error| error.to_string()));
        server.as_ref().map(Server::database).map_err(Clone::clone)
    }

    /// What the figures depend on; `None` while there is no server.
    pub(crate) fn facts(&self) -> Option<String> {
        self.0.get()?.as_ref().ok()?.facts().ok()
    }
}
