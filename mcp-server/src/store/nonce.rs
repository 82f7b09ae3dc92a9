//! The interface of a store of single-use values that were used.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;

/// Remembers which single-use values were used, until they expire.
///
/// Cancel safety: a future that is dropped may have had its effect, all of it or none.
#[async_trait]
pub trait NonceStore: Send + Sync + 'static {
    /// Uses a value, and returns whether this is the first time. If several callers use a value at
    /// the same time, one of them receives true. The store may forget it after `ttl`.
    ///
    /// `owner` is a digest of the principal; `None` for an anonymous client.
    ///
    /// # Errors
    /// [`StoreError::Full`] if a limit of `quota` is reached, and the value was not used before; it
    /// is not used then. Values whose time has passed do not count.
    async fn redeem(
        &self,
        nonce: &[u8],
        owner: Option<&str>,
        ttl: Duration,
        quota: NonceQuota,
    ) -> Result<bool, StoreError>;
}

/// How many values are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceQuota {
    /// Maximum number of values.
    pub max_nonces: u64,
    /// Maximum number of values of one owner. It does not apply to anonymous clients.
    pub max_nonces_per_owner: u64,
}
