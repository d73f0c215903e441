//! `Partition`: one of the parts that a projection is split in.

use crate::event::StreamId;
use crate::journal::Slices;

/// One of the parts that a projection is split in, each advanced by a projector of its own.
///
/// ```ignore
/// for partition in Partition::all(4) {
///     Projector::new(&store, &store, Balances).partition(partition).spawn();
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition {
    index: u16,
    of: u16,
}

impl Partition {
    /// The only part of a projection that is not split.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// One part of `of`, counted from 0; `None` where there is no such part, or there are more than 1,024.
    pub const fn new(index: u16, of: u16) -> Option<Self> {
        if index < of && of <= Slices::COUNT { Some(Self { index, of }) } else { None }
    }

    /// All parts of `of`; none where there would be more than 1,024.
    pub fn all(of: u16) -> impl Iterator<Item = Self> + Clone {
        (0..of).filter_map(move |index| Self::new(index, of))
    }

    /// The part that shows a stream, of as many as this one is of: where to wait for an event of it.
    #[must_use]
    pub fn with(self, stream: &StreamId) -> Self {
        let slice = stream.slice();
        Self::all(self.of).find(|part| part.slices().contains(slice)).unwrap_or(self)
    }

    /// Which one it is, counted from 0.
    pub const fn index(self) -> u16 {
        self.index
    }

    /// How many there are.
    pub const fn of(self) -> u16 {
        self.of
    }

    /// The slices whose streams it shows.
    pub const fn slices(self) -> Slices {
        Slices::part(self.index, self.of)
    }

    /// What the read store knows it by.
    pub(super) fn name(self, projection: &str) -> String {
        if self.of == 1 { projection.to_owned() } else { format!("{projection}#{}/{}", self.index, self.of) }
    }
}
