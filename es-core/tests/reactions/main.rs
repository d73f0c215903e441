//! Reactions and their reactors, on a journal in memory.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

mod domain;
mod reacting;
mod scenario;
mod timers;
