//! `Meanings`: which stream, and which kind of events, is behind a number.

use std::sync::{Mutex, MutexGuard, PoisonError};

use es_core::{RecentlyUsed, StreamId};

use super::kinds::Kinds;

/// How many streams are remembered by their numbers, at least.
const STREAMS: usize = 8 * 1024;

/// What numbers mean on some connections: all that lead to the same tables of the same server.
///
/// A journal that was restored, or that another server has taken over, may have other numbers. So each connection has
/// those of where it leads: what is read on one is only ever looked up in what was read on such as it.
#[derive(Debug)]
pub(crate) struct Meanings {
    pub(super) kinds: Kinds,
    streams: Mutex<RecentlyUsed<i64, StreamId>>,
}

impl Default for Meanings {
    fn default() -> Self {
        Self { kinds: Kinds::default(), streams: Mutex::new(RecentlyUsed::new(STREAMS)) }
    }
}

impl Meanings {
    pub(crate) fn streams(&self) -> MutexGuard<'_, RecentlyUsed<i64, StreamId>> {
        // It only ever has what was read.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
