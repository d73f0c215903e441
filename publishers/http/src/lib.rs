//! Sends the public events of `es-core` by HTTP: each as a `POST` of a `CloudEvent` in the structured mode, as JSON.
//!
//! ```no_run
//! # use es_core::prelude::*;
//! # use es_core::MemoryStore;
//! # use es_core::testing::MemoryOutbox;
//! use std::time::Duration;
//!
//! use es_http::HttpPublisher;
//!
//! # fn main() -> Result<(), es_core::BoxError> {
//! let publisher = HttpPublisher::new("http://localhost:8080/news")?
//!     .header("authorization", "Bearer 4711")?
//!     .timeout(Duration::from_secs(5));
//! # Ok(()) }
//! ```
//!
//! `https://` needs one of the features `rustls`, which trusts the roots of Mozilla, and `platform-verifier`, which trusts what the
//! system trusts.
//!
//! | what comes back | what is done |
//! |---|---|
//! | 2xx | the message is sent |
//! | no connection; 429, 502, 503, 504 | the receiver is not there: it is tried for as long as it takes |
//! | no answer in time, a connection that breaks; 408, 425, other 5xx | it failed: it is tried again a few times |
//! | 3xx, other 4xx | the receiver refuses the message: it is not tried again |
//!
//! `Retry-After` is heeded, up to an hour. A message may come twice: when an answer is lost, the request was there all the same.
//! The receiver knows by the event's `id` what it has seen.

mod answer;
mod error;
mod publisher;

pub use error::HttpPublisherError;
pub use publisher::HttpPublisher;
