//! Sending by HTTP, to a receiver on this machine that does as it is told.
#![allow(missing_docs, reason = "a test")]

mod answers;
mod domain;
mod faults;
mod receiver;
