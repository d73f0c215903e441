//! Programs in contract/ with `PostgresStore` in place of `SqliteStore`; see build.rs.

use std::cell::RefCell;

use es_postgres_server::{Database, Server};

thread_local! {
    /// That of the test on this thread.
    static DATABASE: RefCell<Option<Database>> = const { RefCell::new(None) };
}

mod bank {
    #![allow(dead_code)]
    include!(concat!(env!("OUT_DIR"), "/bank.rs"));
}

mod transfer {
    include!(concat!(env!("OUT_DIR"), "/transfer.rs"));
}

// Its projection has statements of its own.
#[path = "postgres/read_side.rs"]
mod read_side;

/// A database that is empty the first time.
fn url() -> String {
    DATABASE.with_borrow_mut(|database| database.get_or_insert_with(|| Server::shared().database()).url())
}

#[test]
fn bank_does_what_its_comments_say() {
    bank::main().unwrap();
}

#[test]
fn transfer_does_what_its_comments_say() {
    transfer::main().unwrap();
}

#[test]
fn read_side_does_what_its_comments_say() {
    read_side::main().unwrap();
}
