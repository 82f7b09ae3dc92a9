//! Sessions of the legacy era: who is in one, what runs in it, and when it ends.
//!
//! An idle session is one entry of a map: no task, no channel, no timer of its own. One sweeper looks after all
//! of them, and exists only while there are any.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Session Management; THREAT-46 to THREAT-49.

mod entry;
mod id;
mod in_flight;
mod table;

use std::collections::HashMap;
use std::hash::Hash;

pub(super) use entry::{Busy, Entry};
pub use id::SessionId;
pub(super) use in_flight::Place;
pub(super) use table::{Full, Sessions};

/// Gives memory back once a map is mostly empty.
pub(super) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.len() * 4 < map.capacity() {
        map.shrink_to(map.len() * 2);
    }
}
