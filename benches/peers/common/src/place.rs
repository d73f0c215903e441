//! Where the stores are: what the program that asks for figures says.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::peer::Done;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A path below the folder of this program, on which there is nothing yet.
///
/// # Errors
///
/// When `PEER_FOLDER` is not set.
pub fn file() -> Done<PathBuf> {
    let folder = std::env::var_os("PEER_FOLDER").ok_or("PEER_FOLDER is not set: start this with benches/peers/run")?;
    Ok(PathBuf::from(folder).join(format!("store-{}", NEXT.fetch_add(1, Ordering::Relaxed))))
}

/// The address of this program's database on PostgreSQL. What is in it may be dropped.
///
/// # Errors
///
/// When `PEER_DATABASE` is not set.
pub fn database() -> Done<String> {
    Ok(std::env::var("PEER_DATABASE").map_err(|_| "PEER_DATABASE is not set: start this with benches/peers/run")?)
}
