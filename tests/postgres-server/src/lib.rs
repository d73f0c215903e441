//! A PostgreSQL server of one's own, for tests, benches and examples.
//!
//! [`Server::shared`] gives the server of this process: the one that `ES_POSTGRES_URL` names, or else a private one, which
//! is started with the first call and is gone with the process, however that ends. Each test takes a fresh
//! [`Database`] of it:
//!
//! ```
//! use es_postgres_server::Server;
//!
//! let database = Server::shared().database();
//! println!("{}", database.url());
//! ```
//!
//! Tests of failures [start](Node::start) a [`Node`], which can be killed, started again, and followed by a standby that
//! takes over; and they connect through a [`Proxy`], which cuts connections at the moments that matter. Such a server is
//! always a private one: the one that `ES_POSTGRES_URL` names is never killed.
//!
//! There, the databases begin with `es_test_`. One whose process has ended is dropped by the next one that comes. Which
//! processes are there is known by locks in the database `postgres` of that server.
//!
//! The programs of the server are looked for on `PATH` and where distributions put them. Where there are none, and this
//! is root with `apt-get`, they are installed. Otherwise it is an error that says what to install; nothing is ever skipped.
//!
//! The data is below the target folder, or below the temporary one if the server cannot get there: as root it runs as the user
//! `postgres`. It is as durable as a server is by default, and small.

mod claim;
mod database;
mod error;
mod folder;
mod install;
mod node;
mod programs;
mod proxy;
mod server;
mod sql;
mod user;
mod watchdog;

pub use database::Database;
pub use error::ServerError;
pub use node::Node;
pub use proxy::{Cut, Proxy};
pub use server::Server;
