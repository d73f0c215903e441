//! Reading a journal event by event.

use crate::event::Position;
use crate::journal::{Filter, Journal, JournalError, Page, PageSize, RawEvent};

/// How far two journals are the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    pub(super) source: Position,
    pub(super) destination: Position,
    /// The events up to there.
    pub(super) events: u64,
}

/// Stands before an event of a journal.
pub(super) struct Cursor<'a, J> {
    journal: &'a J,
    size: PageSize,
    page: Page,
    index: usize,
}

impl<'a, J: Journal> Cursor<'a, J> {
    pub(super) fn new(journal: &'a J, after: Position, size: PageSize) -> Self {
        let mut page = Page::new(size, after);
        page.has_more();
        Self { journal, size, page, index: 0 }
    }

    /// Reads on until there is an event at hand, or no more in the journal.
    pub(super) async fn fill(&mut self) -> Result<(), JournalError> {
        while self.index >= self.page.len() && self.page.more() {
            self.page = self.journal.read_all(self.page.next(), &Filter::all(), self.size).await?;
            self.index = 0;
        }
        Ok(())
    }

    /// The event at hand; `None` at the end of what was read.
    pub(super) fn event(&self) -> Option<RawEvent<'_>> {
        self.page.get(self.index)
    }

    pub(super) fn pass(&mut self) {
        self.index += 1;
    }
}
