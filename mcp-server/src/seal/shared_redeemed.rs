//! Redeemed single-use states in a store that instances share.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};

use super::cipher::digest;
use super::redeemed::{Receipt, full};
use super::token::refused;
use crate::limits::Limits;
use crate::store::{NonceQuota, NonceStore, StoreError};

pub(super) struct SharedRedeemed {
    store: Arc<dyn NonceStore>,
    max_states: usize,
    max_states_per_principal: usize,
    timeout: Duration,
}

impl SharedRedeemed {
    pub(super) fn new(store: Arc<dyn NonceStore>, limits: &Limits) -> Self {
        let Limits { max_redeemed_states, max_redeemed_states_per_principal, .. } = *limits;
        Self {
            store,
            max_states: max_redeemed_states,
            max_states_per_principal: max_redeemed_states_per_principal,
            timeout: limits.http.store_timeout,
        }
    }

    /// Redeems a state.
    ///
    /// # Errors
    /// −32602 if it has already been redeemed; −32603 if it cannot be remembered, or the store
    /// failed. It may have been redeemed then.
    pub(super) async fn redeem(
        &self,
        receipt: Receipt,
        principal: Option<&str>,
        now: u64,
    ) -> Result<(), ErrorObject> {
        let owner = principal.map(|principal| {
            URL_SAFE_NO_PAD.encode(digest(&[b"mcp nonce owner 1\0", principal.as_bytes()]))
        });
        let quota = NonceQuota {
            max_nonces: self.max_states as u64,
            max_nonces_per_owner: self.max_states_per_principal as u64,
        };
        let ttl = Duration::from_millis(receipt.expiry.saturating_sub(now));
        let redeeming = self.store.redeem(&receipt.nonce, owner.as_deref(), ttl, quota);
        let error = match tokio::time::timeout(self.timeout, redeeming).await {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => return Err(refused("it has already been used")),
            Ok(Err(StoreError::Full { limit: "max_nonces", .. })) => {
                return Err(full("max_redeemed_states", self.max_states));
            }
            Ok(Err(StoreError::Full { limit: "max_nonces_per_owner", .. })) => {
                let max = self.max_states_per_principal;
                return Err(full("max_redeemed_states_per_principal", max));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer in {} s (store_timeout)", self.timeout.as_secs_f32()),
        };
        tracing::warn!(error, "whether a state was used before could not be found out");
        let message = "the store of used states failed; start the call again";
        Err(ErrorObject::new(code::INTERNAL_ERROR, message)
            .with_data(&serde_json::json!({ "retryable": true }))
            .with_kind(
                ErrorKind::Unavailable,
                &serde_json::json!({ "reason": "dependency_unavailable", "retryAfterMs": 1_000 }),
            ))
    }
}
