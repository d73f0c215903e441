//! `Slices`: a part of all streams.

use crate::event::StreamId;

/// Some of the [1,024](Self::COUNT) slices that all streams fall into, as a part of a projection has them.
///
/// ```
/// use es_core::{Slices, StreamId};
///
/// let alice = StreamId::new("account", "alice")?;
/// let parts: Vec<_> = (0..4).map(|index| Slices::part(index, 4)).collect();
/// assert_eq!(parts.iter().filter(|slices| slices.contains(alice.slice())).count(), 1);
/// # Ok::<(), es_core::StreamIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slices {
    first: u16,
    end: u16,
}

impl Slices {
    /// How many there are; this never changes.
    pub const COUNT: u16 = 1024;
    /// All of them.
    pub const ALL: Self = Self { first: 0, end: Self::COUNT };

    /// Those of one part of `of`, counted from 0; each slice is in one of these parts. A part that is not there has none.
    pub const fn part(index: u16, of: u16) -> Self {
        if index >= of {
            return Self { first: 0, end: 0 };
        }
        let (count, index, of) = (Self::COUNT as u32, index as u32, of as u32);
        // At most `COUNT`, since `index` is below `of`.
        #[expect(clippy::cast_possible_truncation, reason = "at most `COUNT`")]
        let (first, end) = ((count * index / of) as u16, (count * (index + 1) / of) as u16);
        Self { first, end }
    }

    /// Whether this slice is one of them.
    pub const fn contains(self, slice: u16) -> bool {
        self.first <= slice && slice < self.end
    }

    /// Whether these are all.
    pub const fn is_all(self) -> bool {
        self.first == 0 && self.end == Self::COUNT
    }

    /// The first one, and the one after the last.
    pub const fn bounds(self) -> (u16, u16) {
        (self.first, self.end)
    }
}

impl StreamId {
    /// The [slice](Slices) that the stream is in: by all of its text, for ever the same.
    pub fn slice(&self) -> u16 {
        // FNV-1a of 32 bits, folded.
        let hash = self
            .as_str()
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let folded = (hash ^ (hash >> 10) ^ (hash >> 20)) % u32::from(Slices::COUNT);
        u16::try_from(folded).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slice_is_in_one_part() {
        for of in [1, 2, 3, 4, 7, 100, 1023, 1024] {
            for slice in 0..Slices::COUNT {
                let parts = (0..of).filter(|index| Slices::part(*index, of).contains(slice)).count();
                assert_eq!(parts, 1, "slice {slice} of {of} parts");
            }
        }
        assert!(Slices::part(0, 1).is_all());
        assert_eq!(Slices::part(4, 4), Slices::part(0, 0));
    }

    #[test]
    fn the_slice_of_a_stream_never_changes() {
        for (stream, slice) in [("alice", 804), ("bob", 217), ("\u{e9} ' % /", 658)] {
            let stream = StreamId::new("account", stream).unwrap();
            assert_eq!(stream.slice(), slice, "{stream}");
        }
    }

    #[test]
    fn streams_are_spread_over_the_slices() {
        let mut counts = vec![0; usize::from(Slices::COUNT)];
        for number in 0..100_000 {
            counts[usize::from(StreamId::new("account", &format!("account-{number}")).unwrap().slice())] += 1;
        }
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(*least > 40 && *most < 200, "{least} to {most} of some 98");
    }
}
