//! Projections and their projectors, on a journal in memory.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

mod domain;
mod failures;
mod faults;
#[path = "../common/faulty.rs"]
mod faulty;
mod following;
mod in_memory;
mod random;
mod restored;
