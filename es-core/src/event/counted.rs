//! Ids of events that are made one after the other.

use std::cell::Cell;

use uuid::Uuid;

use super::{EventId, Timestamp, unique};

/// How many appends take their ids from one random number of the system, and for how long: to ask for one costs more
/// than most of a command in memory.
const APPENDS: u32 = 1_000;
const MILLISECONDS: u64 = 1_000;
/// How far the ids of two appends are apart: an append has at most 1,000 events.
const STEP: u128 = 1_024;
/// The random bits at the end of a UUIDv7, and all that stands behind the time.
const RANDOM: u128 = (1 << 62) - 1;
const BEHIND_TIME: u128 = (1 << TIME_AT) - 1;
const TIME_AT: u32 = 80;

thread_local! {
    static COUNTED: Cell<Counted> = const { Cell::new(Counted { next: 0, left: 0, since: 0 }) };
}

#[derive(Clone, Copy)]
struct Counted {
    /// The next id, but for the time in it.
    next: u128,
    /// How many more there are to be of its random number.
    left: u32,
    /// When that was drawn, in milliseconds.
    since: u64,
}

impl EventId {
    /// Makes the id of the first event of an append at `time`; those of the others are [`nth`](Self::nth).
    ///
    /// It is a UUIDv7 of that time, whose random bits are counted on from a random number, of each thread its own.
    /// A forked process or a copied virtual machine counts on from the same number until it draws the next one, within a
    /// second: ids that both give at the same millisecond may be the same, and a journal that has one refuses the other.
    pub(crate) fn of_append(time: Timestamp) -> Self {
        let time = u64::try_from(time.as_micros() / 1_000).unwrap_or(0);
        let mut counted = COUNTED.get();
        if counted.left == 0 || time.abs_diff(counted.since) >= MILLISECONDS {
            counted = Counted { next: unique::random_v7().as_u128(), left: APPENDS, since: time };
        }
        let id = (u128::from(time) << TIME_AT) | (counted.next & BEHIND_TIME);
        COUNTED.set(Counted { next: counted_on(id, STEP), left: counted.left - 1, ..counted });
        Self::from_uuid(Uuid::from_u128(id))
    }

    /// The id `index` places after this one, for events that are made together: it differs in the random bits at
    /// the end alone.
    pub(crate) fn nth(self, index: u32) -> Self {
        Self::from_uuid(Uuid::from_u128(counted_on(self.as_uuid().as_u128(), index.into())))
    }
}

fn counted_on(id: u128, by: u128) -> u128 {
    (id & !RANDOM) | ((id & RANDOM).wrapping_add(by) & RANDOM)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    /// Ids of appends that are made at some times, each with those of its other events.
    fn ids(times: impl Iterator<Item = i64>) -> Vec<EventId> {
        let firsts = times.map(|time| EventId::of_append(Timestamp::from_micros(time)));
        firsts.flat_map(|first| [0, 1, 999].map(|index| first.nth(index))).collect()
    }

    #[test]
    fn no_two_appends_have_an_id_in_common() {
        let standing = || ids((0..3_000).map(|_| 7));
        let going = || ids((0..3_000).map(|number| number * 1_700));
        let back = || ids((0..3_000).rev().map(|number| number * 100_000));
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(move || [standing(), going(), back()].concat())).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(all.len(), 4 * 3 * 3_000 * 3);
        assert!(all.iter().all(|id| id.as_uuid().get_version_num() == 7));
    }

    #[test]
    fn an_id_begins_with_the_time() {
        let milliseconds = |time| EventId::of_append(time).as_uuid().as_u128() >> TIME_AT;
        assert_eq!(milliseconds(Timestamp::from_micros(1_999)), 1);
        assert_eq!(milliseconds(Timestamp::MAX), 253_402_300_799_999);
        assert_eq!(milliseconds(Timestamp::MIN), 0);
    }
}
