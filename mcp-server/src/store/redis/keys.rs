//! The names of the keys of a store.

use crate::store::error::StoreError;
#[cfg(feature = "http")]
use crate::store::session::SessionKey;

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
    /// The stream of messages between instances.
    #[cfg(feature = "http")]
    pub(super) bus: String,
    /// The sessions by their time of expiry.
    #[cfg(feature = "http")]
    pub(super) sessions: String,
    /// The single-use values by their time of expiry.
    #[cfg(feature = "http")]
    pub(super) nonces: String,
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
        Ok(Self {
            meta: name("meta"),
            leases: name("leases"),
            expiries: name("expiries"),
            feed: name("feed"),
            #[cfg(feature = "http")]
            bus: name("bus"),
            #[cfg(feature = "http")]
            sessions: name("sessions"),
            #[cfg(feature = "http")]
            nonces: name("nonces"),
            base,
        })
    }

    /// The keys that every script receives.
    pub(super) const fn of_every_script(&self) -> [&String; 4] {
        [&self.meta, &self.leases, &self.expiries, &self.feed]
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

#[cfg(feature = "http")]
impl Keys {
    /// A hash: a session.
    pub(super) fn session(&self, session: SessionKey) -> String {
        format!("{}session:{session}", self.base)
    }

    /// The sessions of an owner by their time of expiry.
    pub(super) fn sessions_of(&self, owner: &str) -> String {
        format!("{}:{owner}", self.sessions)
    }

    /// A hash: the streams of a session, their sizes, and which events were dropped.
    pub(super) fn streams(&self, session: SessionKey) -> String {
        format!("{}streams:{session}", self.base)
    }

    /// What the names of the streams of a session begin with. Their numbers follow.
    pub(super) fn stream_base(&self, session: SessionKey) -> String {
        format!("{}stream:{session}:", self.base)
    }

    /// A string: the operation that used a single-use value.
    pub(super) fn nonce(&self, nonce: &[u8]) -> Vec<u8> {
        [self.base.as_bytes(), b"nonce:", nonce].concat()
    }

    /// The single-use values of an owner by their time of expiry.
    pub(super) fn nonces_of(&self, owner: &str) -> String {
        format!("{}:{owner}", self.nonces)
    }

    /// A string: a value for one instance.
    pub(super) fn value(&self, key: &str) -> String {
        format!("{}value:{key}", self.base)
    }

    /// A string that exists while an instance is alive.
    pub(super) fn alive(&self, instance: &str) -> String {
        format!("{}alive:{instance}", self.base)
    }
}
