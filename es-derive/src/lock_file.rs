//! `events.lock`, the file of the schema lock: where it is.

use std::path::PathBuf;

/// Where the file of the package is, if there is one. Without cargo there is no place to look at.
pub(crate) fn path() -> Option<PathBuf> {
    std::env::var("CARGO_MANIFEST_DIR").ok().map(|package| PathBuf::from(package).join("events.lock"))
}
