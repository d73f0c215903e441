//! `Cache`: a bounded map that forgets what was not used for long.

use std::borrow::Borrow;
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

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half }
    }

    pub(crate) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut cache = Cache::new(10);
        cache.insert(0, 0);
        for key in 1..1_000 {
            assert_eq!(cache.get_mut(&0), Some(&mut 0), "before {key}");
            cache.insert(key, key);
            assert!(cache.young.len() + cache.old.len() <= 20);
            assert_eq!(cache.get_mut(&(key / 2 * 2)).copied(), Some(key / 2 * 2));
        }
        assert_eq!(cache.get_mut(&1), None);
    }
}
