//! A map that is empty in most sessions, and then takes no more than a pointer.

use std::collections::HashMap;
use std::hash::Hash;

/// A map without memory of its own while it is empty.
#[derive(Debug)]
#[expect(clippy::box_collection, reason = "an idle session has to be small")]
pub(super) struct RareMap<K, V>(Option<Box<HashMap<K, V>>>);

impl<K, V> Default for RareMap<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Eq + Hash, V> RareMap<K, V> {
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.as_ref()?.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.0.get_or_insert_default().insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let map = self.0.as_mut()?;
        let removed = map.remove(key);
        if map.is_empty() {
            self.0 = None;
        }
        removed
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().flat_map(|map| map.values())
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().flat_map(|map| map.into_values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_map_holds_nothing() {
        let mut map = RareMap::default();
        assert_eq!((map.len(), map.get(&1)), (0, None));
        assert_eq!(map.remove(&1), None);
        map.insert(1, "a");
        map.insert(2, "b");
        assert_eq!((map.len(), map.get(&2)), (2, Some(&"b")));
        assert_eq!((map.remove(&1), map.remove(&1)), (Some("a"), None));
        assert!(map.0.is_some());
        assert_eq!(map.remove(&2), Some("b"));
        assert!(map.0.is_none());
        map.insert(3, "c");
        assert_eq!(map.into_values().collect::<Vec<_>>(), ["c"]);
    }
}
