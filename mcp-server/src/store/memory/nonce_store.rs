//! Used single-use values in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::store::error::StoreError;
use crate::store::nonce::{NonceQuota, NonceStore};

/// Remembers used values in memory, for tests of several servers in one process. Clones share them.
///
/// A server without a store of such values remembers them in memory too, with less work.
#[derive(Debug, Clone, Default)]
pub struct MemoryNonceStore(Arc<Mutex<HashMap<Box<[u8]>, Used>>>);

#[derive(Debug)]
struct Used {
    owner: Option<Box<str>>,
    expires: Option<Instant>,
}

impl MemoryNonceStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl NonceStore for MemoryNonceStore {
    async fn redeem(
        &self,
        nonce: &[u8],
        owner: Option<&str>,
        ttl: Duration,
        quota: NonceQuota,
    ) -> Result<bool, StoreError> {
        let now = Instant::now();
        let mut used = self.0.lock();
        used.retain(|_, used| used.expires.is_none_or(|expires| expires > now));
        if used.contains_key(nonce) {
            return Ok(false);
        }
        let full = |limit, max| Err(StoreError::Full { limit, max });
        if used.len() as u64 >= quota.max_nonces {
            return full("max_nonces", quota.max_nonces);
        }
        if let Some(owner) = owner {
            let theirs = used.values().filter(|used| used.owner.as_deref() == Some(owner));
            if theirs.count() as u64 >= quota.max_nonces_per_owner {
                return full("max_nonces_per_owner", quota.max_nonces_per_owner);
            }
        }
        let expires = now.checked_add(ttl);
        used.insert(nonce.into(), Used { owner: owner.map(Into::into), expires });
        Ok(true)
    }
}
