//! The states of hot aggregates.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::current::Current;
use super::patience::Outage;
use crate::aggregate::Aggregate;
use crate::event::StreamId;
use crate::hash::Map;

/// What is kept of at most a given number of aggregates; the ones not asked for lately go first.
pub(super) struct Cache<A: Aggregate> {
    capacity: usize,
    kept: Mutex<Kept<A>>,
}

struct Kept<A: Aggregate> {
    slots: Map<StreamId, Arc<Slot<A>>>,
    /// The streams of `slots`, in the order in which they are looked at when one has to go (the "clock" or "second
    /// chance" algorithm: one that was asked for since the last look stays).
    order: VecDeque<StreamId>,
}

/// What is kept of one aggregate.
pub(super) struct Slot<A: Aggregate> {
    /// Held while a command is executed: commands of this process on one aggregate take turns and lose no race to
    /// each other.
    ///
    /// Where the store cannot be used, it tells those who wait for how long that has been so.
    pub(super) turn: tokio::sync::Mutex<Option<Outage>>,
    /// Whether a snapshot is being taken.
    pub(super) snapshotting: AtomicBool,
    current: Mutex<Option<Current<A>>>,
    asked_for: AtomicBool,
}

impl<A: Aggregate> Cache<A> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, kept: Mutex::new(Kept { slots: Map::default(), order: VecDeque::new() }) }
    }

    /// The slot of a stream, made if there is none.
    pub(super) fn slot(&self, stream: &StreamId) -> Arc<Slot<A>> {
        // User code never runs under the lock, so a poisoned one is in order.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = kept.slots.get(stream) {
            slot.asked_for.store(true, Ordering::Relaxed);
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            turn: tokio::sync::Mutex::new(None),
            snapshotting: AtomicBool::new(false),
            current: Mutex::new(None),
            asked_for: AtomicBool::new(false),
        });
        if self.capacity > 0 {
            kept.make_room(self.capacity);
            kept.slots.insert(stream.clone(), Arc::clone(&slot));
            kept.order.push_back(stream.clone());
        }
        slot
    }
}

impl<A: Aggregate> Kept<A> {
    fn make_room(&mut self, capacity: usize) {
        while self.slots.len() >= capacity {
            let Some(stream) = self.order.pop_front() else { return };
            let stays = self.slots.get(&stream).is_some_and(|slot| slot.asked_for.swap(false, Ordering::Relaxed));
            if stays {
                self.order.push_back(stream);
            } else {
                self.slots.remove(&stream);
            }
        }
    }
}

impl<A: Aggregate> Slot<A> {
    /// What is kept of the aggregate, shared.
    pub(super) fn get(&self) -> Option<Current<A>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is kept of the aggregate, which is then kept no longer: its state can be changed in place.
    pub(super) fn take(&self) -> Option<Current<A>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps `current`, unless something newer is kept.
    pub(super) fn put(&self, current: &Current<A>) {
        let mut kept = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.version <= current.version) {
            *kept = Some(current.clone());
        }
    }

    /// Keeps nothing, after the journal turned out to be older than what was kept.
    pub(super) fn clear(&self) {
        self.take();
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Decision, Event, Handle, accept};

    #[derive(crate::Command, Debug, Clone)]
    struct Count;

    #[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    struct Counted;

    #[derive(crate::Aggregate, Default, Clone)]
    #[aggregate(commands(Count), events(Counted(ignored)), error = std::convert::Infallible)]
    struct Counter;

    impl Handle<Count> for Counter {
        fn handle(&self, _: Count, _: &Context) -> Decision<Self> {
            accept(Counted)
        }
    }

    fn stream(id: usize) -> StreamId {
        StreamId::new("counter", &id.to_string()).unwrap()
    }

    #[test]
    fn keeps_no_more_than_its_capacity_and_what_is_asked_for_stays() {
        let cache = Cache::<Counter>::new(3);
        let hot = cache.slot(&stream(0));
        for id in 1..100 {
            cache.slot(&stream(id));
            assert!(Arc::ptr_eq(&hot, &cache.slot(&stream(0))), "the hot one went at {id}");
        }
        let kept = cache.kept.lock().unwrap();
        assert_eq!((kept.slots.len(), kept.order.len()), (3, 3));
    }

    #[test]
    fn a_capacity_of_0_keeps_nothing() {
        let cache = Cache::<Counter>::new(0);
        assert!(!Arc::ptr_eq(&cache.slot(&stream(0)), &cache.slot(&stream(0))));
    }

    #[test]
    fn an_older_state_never_replaces_a_newer_one() {
        let slot = Cache::<Counter>::new(1).slot(&stream(0));
        slot.put(&Current { version: 2, ..Current::initial() });
        slot.put(&Current { version: 1, ..Current::initial() });
        assert_eq!(slot.get().unwrap().version, 2);
    }
}
