//! Outboxes: messages that are to be sent.

mod messages;
mod parked;
mod store;
