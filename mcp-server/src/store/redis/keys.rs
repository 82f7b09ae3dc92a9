//! The names of the keys of a store.

use crate::store::task::StoreError;

/// The names of the keys of a store. The prefix is the hash tag of all of them.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the names begin with.
    pub(super) base: String,
    /// A hash: the version of the layout, the epoch of the feed, the number of tasks.
    pub(super) meta: String,
    /// The working tasks by the end of their lease.
    pub(super) leases: String,
    /// The tasks that expire, by time.
    pub(super) expiries: String,
    /// The stream of changes.
    pub(super) feed: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Result<Self, StoreError> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(StoreError::unavailable(format_args!(
                "the key prefix `{prefix}` cannot be a hash tag; use one that is not empty and \
                 has no braces"
            )));
        }
        let base = format!("{{{prefix}}}:");
        let name = |name| format!("{base}{name}");
        let (meta, leases) = (name("meta"), name("leases"));
        let (expiries, feed) = (name("expiries"), name("feed"));
        Ok(Self { base, meta, leases, expiries, feed })
    }

    /// A hash: the head of a task and its call.
    pub(super) fn task(&self, id: &str) -> String {
        format!("{}task:{id}", self.base)
    }

    /// A list: the journal of a task. It exists only with entries.
    pub(super) fn journal(&self, id: &str) -> String {
        format!("{}journal:{id}", self.base)
    }

    /// The tasks of an owner by their time of creation.
    pub(super) fn owner(&self, owner: &str) -> String {
        format!("{}owner:{owner}", self.base)
    }
}
