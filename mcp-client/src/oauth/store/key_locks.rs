//! The locks of credentials within one process.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use mcp_core::sync::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::key::CredentialKey;

/// A lock for each credential that is locked or waited for.
#[derive(Debug, Default)]
pub(super) struct KeyLocks(Mutex<HashMap<CredentialKey, Weak<tokio::sync::Mutex<()>>>>);

impl KeyLocks {
    /// Waits for the lock of a credential.
    pub(super) async fn lock(&self, key: &CredentialKey) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock();
            locks.retain(|_, lock| lock.strong_count() > 0);
            let lock = locks.get(key).and_then(Weak::upgrade).unwrap_or_default();
            locks.insert(key.clone(), Arc::downgrade(&lock));
            lock
        };
        lock.lock_owned().await
    }
}
