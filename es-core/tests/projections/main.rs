//! Projections and their projectors, on a journal in memory.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod domain;
mod failures;
mod following;
mod restored;
