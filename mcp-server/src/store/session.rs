//! The interface of a store of legacy sessions.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::error::StoreError;

/// Names a session in stores: a digest of its id. The id, which lets its holder use the session,
/// cannot be derived from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// A key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// Keeps the sessions of the legacy era.
///
/// A write is durable when its future completes: a read that begins afterwards, from any handle or
/// process of the same store, sees it. Times are measured by the clock of the store. An expired
/// session does not exist, whether it has been deleted or not.
///
/// Cancel safety: a future that is dropped may have had its effect, all of it or none.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Creates a session, whose version is 1.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a session with this key; otherwise [`StoreError::Full`]
    /// if a limit of `quota` is reached. Expired sessions do not count.
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError>;

    /// Returns a session; `None` if there is none with this key. This is not a use of it.
    ///
    /// # Errors
    /// If the store failed.
    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError>;

    /// Replaces the contents of a session that has this version, which rises by 1. Returns false if
    /// it has another version, or does not exist. Its time of expiry does not change.
    ///
    /// # Errors
    /// If the store failed.
    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError>;

    /// Uses a session: it expires `ttl` from now. With `is_read`, a client reads its stream of
    /// notifications now, which [`SessionRecord::unread`] tells. Returns false if it does not
    /// exist.
    ///
    /// # Errors
    /// If the store failed.
    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError>;

    /// Deletes a session. Returns false if it does not exist.
    ///
    /// # Errors
    /// If the store failed.
    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError>;

    /// Deletes at most `max` expired sessions, and returns their number. Stores that delete them by
    /// themselves need not implement it.
    ///
    /// # Errors
    /// If the store failed.
    async fn sweep(&self, max: usize) -> Result<usize, StoreError> {
        let _ = max;
        Ok(0)
    }

    /// Whether what is stored leaves the memory of this process. It is sealed then.
    fn leaves_process(&self) -> bool {
        true
    }
}

/// A session that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Who it belongs to: a digest of the principal; `None` for an anonymous client.
    pub owner: Option<Box<str>>,
    /// Its contents.
    pub data: Bytes,
    /// Time without use after which it expires.
    pub ttl: Duration,
}

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The number of changes, counted from 1.
    pub version: u64,
    /// Its contents.
    pub data: Bytes,
    /// Time since a client was last known to read its stream of notifications, or since the session
    /// began.
    pub unread: Duration,
}

/// How many sessions may exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionQuota {
    /// Maximum number of sessions.
    pub max_sessions: u64,
    /// Maximum number of sessions of one owner. It does not apply to anonymous clients.
    pub max_sessions_per_owner: u64,
}
