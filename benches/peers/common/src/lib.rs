//! The workloads that es and its peers run, each in a program of its own.
//!
//! A library takes part by a [`Peer`], which says how it executes commands, appends and loads, and by a [`Program`], which
//! lists the workloads that it runs and answers with figures when it is asked for them.

mod domain;
mod peer;
mod place;
mod program;
mod subject;
mod workloads;

pub use domain::{account, amount, is_withdrawal, reference};
pub use peer::{Done, Peer, Projects};
pub use place::{database, file};
pub use program::Program;
pub use subject::{Store, Subject};
