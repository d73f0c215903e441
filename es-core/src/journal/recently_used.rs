//! `RecentlyUsed`: a bounded map that forgets what was not used for long.

use std::hash::Hash;

use crate::hash::Map;

/// For stores: remembers at least the entries that were used last, as many as it was made for, and at most twice as many.
///
/// ```
/// use es_core::RecentlyUsed;
///
/// let mut numbers = RecentlyUsed::new(1_000);
/// numbers.set(&"alice", 7);
/// assert_eq!(numbers.get(&"alice"), Some(7));
/// ```
// When the young ones are so many they become the old ones, and the old ones are forgotten: no bookkeeping on use.
#[derive(Debug)]
pub struct RecentlyUsed<K, V> {
    young: Map<K, V>,
    old: Map<K, V>,
    least: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> RecentlyUsed<K, V> {
    /// Makes an empty one that remembers at least so many entries.
    pub fn new(least: usize) -> Self {
        Self { young: Map::default(), old: Map::default(), least }
    }

    /// The value of a key, if it is remembered.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Remembers the value of a key, in place of one that it had.
    pub fn set(&mut self, key: &K, value: V) {
        match self.young.get_mut(key) {
            Some(known) => *known = value,
            None => self.insert(key.clone(), value),
        }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.least {
            self.old = std::mem::take(&mut self.young);
        }
        // The one value of a key: an old one would come back otherwise, once the young one is forgotten.
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut recent = RecentlyUsed::new(10);
        recent.set(&0, 0);
        for key in 1..1_000 {
            assert_eq!(recent.get(&0), Some(0), "before {key}");
            recent.set(&key, -1);
            recent.set(&key, key);
            assert!(recent.young.len() + recent.old.len() <= 20);
            assert_eq!(recent.get(&key), Some(key));
        }
        assert_eq!(recent.get(&1), None);
        for key in [0, 985] {
            recent.remove(&key);
            assert_eq!(recent.get(&key), None);
        }
        recent.clear();
        assert_eq!(recent.get(&999), None);
    }
}
