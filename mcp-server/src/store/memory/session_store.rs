//! Sessions in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::store::error::StoreError;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionRecord, SessionStore};

/// Keeps sessions in memory, for tests of several servers in one process. Clones share them.
///
/// A server without a store of sessions keeps them in memory too, with less work.
#[derive(Debug, Clone, Default)]
pub struct MemorySessionStore(Arc<Mutex<HashMap<SessionKey, Kept>>>);

#[derive(Debug)]
struct Kept {
    owner: Option<Box<str>>,
    version: u64,
    data: Bytes,
    expires: Option<Instant>,
    read: Instant,
}

impl Kept {
    fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl MemorySessionStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<R>(&self, key: SessionKey, then: impl FnOnce(&mut Kept, Instant) -> R) -> Option<R> {
        let now = Instant::now();
        let mut sessions = self.0.lock();
        sessions.get_mut(&key).filter(|kept| !kept.is_expired(now)).map(|kept| then(kept, now))
    }
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        let now = Instant::now();
        let mut sessions = self.0.lock();
        sessions.retain(|_, kept| !kept.is_expired(now));
        if sessions.contains_key(&key) {
            return Err(StoreError::Exists);
        }
        let full = |limit, max| Err(StoreError::Full { limit, max });
        if sessions.len() as u64 >= quota.max_sessions {
            return full("max_sessions", quota.max_sessions);
        }
        if let Some(owner) = &session.owner {
            let theirs = sessions.values().filter(|kept| kept.owner.as_ref() == Some(owner));
            if theirs.count() as u64 >= quota.max_sessions_per_owner {
                return full("max_sessions_per_owner", quota.max_sessions_per_owner);
            }
        }
        let NewSession { owner, data, ttl } = session;
        let expires = now.checked_add(ttl);
        sessions.insert(key, Kept { owner, version: 1, data, expires, read: now });
        Ok(())
    }

    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.with(key, |kept, now| SessionRecord {
            version: kept.version,
            data: kept.data.clone(),
            unread: now.saturating_duration_since(kept.read),
        }))
    }

    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError> {
        let updated = self.with(key, |kept, _| {
            let applies = kept.version == version;
            if applies {
                (kept.version, kept.data) = (version + 1, data);
            }
            applies
        });
        Ok(updated.unwrap_or(false))
    }

    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        let touched = self.with(key, |kept, now| {
            kept.expires = now.checked_add(ttl);
            if is_read {
                kept.read = now;
            }
        });
        Ok(touched.is_some())
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        let now = Instant::now();
        Ok(self.0.lock().remove(&key).is_some_and(|kept| !kept.is_expired(now)))
    }

    async fn sweep(&self, max: usize) -> Result<usize, StoreError> {
        let now = Instant::now();
        let mut sessions = self.0.lock();
        let expired = sessions.iter().filter(|(_, kept)| kept.is_expired(now));
        let expired: Vec<_> = expired.map(|(key, _)| *key).take(max).collect();
        for key in &expired {
            sessions.remove(key);
        }
        Ok(expired.len())
    }

    fn leaves_process(&self) -> bool {
        false
    }
}
