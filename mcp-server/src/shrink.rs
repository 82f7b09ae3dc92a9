//! Maps that return memory.

use std::collections::HashMap;
use std::hash::Hash;

/// Returns the memory of a map that is mostly empty.
pub(crate) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.len() * 4 < map.capacity() {
        map.shrink_to(map.len() * 2);
    }
}
