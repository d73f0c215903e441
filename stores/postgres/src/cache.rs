//! `Cache`: a bounded map that forgets what was not used for long.

use std::collections::HashMap;
use std::hash::Hash;

/// Keeps at least the `half` entries that were used last, and at most twice as many.
///
/// When the young half is full it becomes the old one, and the old one is forgotten: no bookkeeping on use.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(crate) fn set(&mut self, key: &K, value: V) {
        match self.young.get_mut(key) {
            Some(known) => *known = value,
            None => self.insert(key.clone(), value),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        // The one value of a key: an old one would come back otherwise, once the young one is forgotten.
        self.old.remove(&key);
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut cache = Cache::new(10);
        cache.set(&0, 0);
        for key in 1..1_000 {
            assert_eq!(cache.get(&0), Some(0), "before {key}");
            cache.set(&key, -1);
            cache.set(&key, key);
            assert!(cache.young.len() + cache.old.len() <= 20);
            assert_eq!(cache.get(&key), Some(key));
        }
        assert_eq!(cache.get(&1), None);
        for key in [0, 985] {
            cache.remove(&key);
            assert_eq!(cache.get(&key), None);
        }
    }
}
