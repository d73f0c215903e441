//! Reactions and their reactors, on a journal in memory.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

mod crashes;
mod domain;
mod failures;
mod faults;
#[path = "../common/faulty.rs"]
mod faulty;
#[path = "../common/held_back.rs"]
mod held;
mod held_back;
mod reacting;
mod retired;
mod scenario;
mod store;
mod timers;
