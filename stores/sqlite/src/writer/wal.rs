//! `Wal`: when the WAL is copied into the database.

/// The size of the WAL, in pages, from which on it is copied into the database. Until then each commit makes the file
/// longer, and to sync one that has grown takes twice as long as to sync one that is written over.
const CHECKPOINT: usize = 1_000;
/// The size from which on the writer waits for readers, so that the WAL starts from its beginning again.
const LONG: usize = 64 * CHECKPOINT;

/// How large the WAL is.
#[derive(Debug)]
pub(super) struct Wal {
    /// Its size after the last commit, in pages, unless it has been copied since.
    pages: usize,
    /// The size from which on the writer waits for readers: more than [`LONG`] once it has waited for them in vain.
    long: usize,
}

/// How the WAL is to be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copying {
    /// As far as readers let it be.
    Passive,
    /// As a whole, once no reader needs it any more.
    Waiting,
}

impl Copying {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Self::Waiting => "PRAGMA wal_checkpoint(TRUNCATE)",
        }
    }
}

impl Wal {
    pub(super) fn new() -> Self {
        Self { pages: 0, long: LONG }
    }

    /// Takes note of how large a commit has made it.
    pub(super) fn note(&mut self, pages: usize) {
        self.pages = pages;
        if pages < LONG {
            self.long = LONG;
        }
    }

    /// Has it emptied as soon as may be: there may be no room but the one that it takes.
    pub(super) fn make_room(&mut self) {
        self.pages = LONG;
    }

    /// Whether it is to be copied.
    pub(super) fn is_due(&self) -> bool {
        self.pages >= CHECKPOINT
    }

    /// Has it copied, if it is due. `copy` says whether a reader was in the way.
    pub(super) fn look_after(&mut self, copy: impl FnOnce(Copying) -> bool) {
        if !self.is_due() {
            return;
        }
        let pages = std::mem::take(&mut self.pages);
        let copying = if pages < self.long { Copying::Passive } else { Copying::Waiting };
        let was_in_vain = copy(copying) && copying == Copying::Waiting;
        if was_in_vain {
            // Whoever reads for so long goes on reading; appends are not to wait each time.
            self.long = pages + LONG;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done when a commit has made the WAL so long, beside a reader or not.
    fn after(wal: &mut Wal, pages: usize, has_reader: bool) -> Option<Copying> {
        wal.note(pages);
        let mut done = None;
        wal.look_after(|copying| {
            done = Some(copying);
            has_reader
        });
        done
    }

    #[test]
    fn a_wal_is_copied_when_it_is_long_enough() {
        let mut wal = Wal::new();
        assert_eq!(after(&mut wal, CHECKPOINT - 1, false), None);
        assert_eq!(after(&mut wal, CHECKPOINT, true), Some(Copying::Passive));
        assert!(!wal.is_due(), "until the next commit");
        assert_eq!(after(&mut wal, LONG, false), Some(Copying::Waiting));
        assert_eq!(after(&mut wal, LONG, false), Some(Copying::Waiting));
    }

    #[test]
    fn readers_are_waited_for_once_in_a_while() {
        let mut wal = Wal::new();
        let waits = |wal: &mut Wal, pages| after(wal, pages, true) == Some(Copying::Waiting);
        let waited = (0..10 * LONG).step_by(100).filter(|pages| waits(&mut wal, *pages)).count();
        assert_eq!(waited, 9, "once for each {LONG} pages");
        // It has started from its beginning again.
        assert!(!waits(&mut wal, CHECKPOINT));
        assert!(waits(&mut wal, LONG));
        assert!(!waits(&mut wal, LONG + 1));
    }

    #[test]
    fn room_is_made_without_waiting_again_and_again() {
        let mut wal = Wal::new();
        let mut waits = |has_reader| {
            wal.make_room();
            let mut copied = None;
            wal.look_after(|copying| {
                copied = Some(copying);
                has_reader
            });
            copied == Some(Copying::Waiting)
        };
        assert!(waits(false));
        assert!(waits(true));
        assert!(!waits(true));
        assert!(!waits(true));
    }
}
