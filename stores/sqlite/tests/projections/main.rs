//! Read models in SQLite: in the journal's file and in another one, beside appends and within them.
#![allow(missing_docs, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;
mod crash;
mod domain;
mod following;
mod inline;
mod transaction;
