//! Read models in PostgreSQL: what their transactions allow, and who may write them.
#![allow(missing_docs, reason = "a test")]

mod crash;
mod domain;
mod parts;
mod takeover;
mod transaction;
