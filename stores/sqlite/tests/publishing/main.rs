//! Publishing from an outbox in SQLite.
#![allow(missing_docs, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;
mod crash;
mod domain;
mod following;
