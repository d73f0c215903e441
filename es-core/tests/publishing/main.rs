//! What is published, and the relay, on a journal and an outbox in memory.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

mod cloud_events;
mod corrected;
mod domain;
mod failures;
mod faults;
#[path = "../common/faulty.rs"]
mod faulty;
mod json_lines;
mod relay;
mod store_failures;
