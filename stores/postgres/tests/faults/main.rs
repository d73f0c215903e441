//! A server that is killed, cut off, full, or replaced by its standby: no event that was acknowledged is lost, none is there
//! twice, and each error says whether to try again.
#![allow(missing_docs, reason = "a test")]

mod away;
mod clients;
mod cut;
mod domain;
mod killed;
mod limits;
mod promoted;
mod restarted;
mod seeded;
mod stalled;
mod versions;
