//! The example `transfer`: as a person runs it, and killed at every step.
#![allow(dead_code, unreachable_pub, reason = "a test; the example's domain is a program's")]

#[path = "../../../../examples/transfer/account.rs"]
mod account;
mod check;
mod demo;
mod killing;
mod kills;
#[path = "../../../../examples/transfer/process.rs"]
mod process;
#[path = "../../../../examples/transfer/transfer.rs"]
mod transfer;
mod world;
