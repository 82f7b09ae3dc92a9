//! Redeemed single-use states. Bounded: an entry is removed when its state expires.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::sync::Mutex;

use super::token::{NONCE_BYTES, refused};

/// Proof that a state was opened; it has not been redeemed yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(super) nonce: [u8; NONCE_BYTES],
    /// In milliseconds since the Unix epoch.
    pub(super) expiry: u64,
}

pub(super) struct Redeemed {
    used: Mutex<Used>,
    max_states: usize,
    max_states_per_principal: usize,
}

#[derive(Default)]
struct Used {
    /// The principal of each state.
    principals: HashMap<[u8; NONCE_BYTES], Option<Arc<str>>>,
    by_expiry: BTreeSet<(u64, [u8; NONCE_BYTES])>,
    per_principal: HashMap<Arc<str>, usize>,
}

impl Redeemed {
    pub(super) fn new(max_states: usize, max_states_per_principal: usize) -> Self {
        Self { used: Mutex::default(), max_states, max_states_per_principal }
    }

    /// Redeems a state. Callers without a principal share the limit of all states.
    ///
    /// # Errors
    /// −32602 if it has already been redeemed; −32603 if it cannot be remembered.
    pub(super) fn redeem(
        &self,
        receipt: Receipt,
        principal: Option<&str>,
        now: u64,
    ) -> Result<(), ErrorObject> {
        let mut used = self.used.lock();
        used.forget_expired(now);
        if used.principals.contains_key(&receipt.nonce) {
            return Err(refused("it has already been used"));
        }
        if used.principals.len() >= self.max_states {
            return Err(full("max_redeemed_states", self.max_states));
        }
        let count = principal.and_then(|id| used.per_principal.get(id)).copied().unwrap_or(0);
        if count >= self.max_states_per_principal {
            return Err(full("max_redeemed_states_per_principal", self.max_states_per_principal));
        }
        let principal: Option<Arc<str>> = principal.map(Arc::from);
        if let Some(id) = &principal {
            used.per_principal.insert(Arc::clone(id), count + 1);
        }
        used.by_expiry.insert((receipt.expiry, receipt.nonce));
        used.principals.insert(receipt.nonce, principal);
        Ok(())
    }
}

impl Used {
    fn forget_expired(&mut self, now: u64) {
        while let Some((expiry, nonce)) = self.by_expiry.first().copied()
            && expiry <= now
        {
            self.by_expiry.pop_first();
            let Some(Some(id)) = self.principals.remove(&nonce) else { continue };
            match self.per_principal.get_mut(&id) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.per_principal.remove(&id)),
            }
        }
    }
}

#[cold]
pub(super) fn full(limit: &str, max: usize) -> ErrorObject {
    tracing::warn!(
        limit,
        max,
        "the limit of redeemed states is reached; no state is accepted until some expire"
    );
    let message =
        format!("the limit of {max} redeemed states is reached ({limit}); try again later");
    ErrorObject::new(code::INTERNAL_ERROR, message).with_kind(
        ErrorKind::Unavailable,
        &serde_json::json!({ "reason": "capacity", "retryAfterMs": 1_000 }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(number: u8, expiry: u64) -> Receipt {
        Receipt { nonce: [number; NONCE_BYTES], expiry }
    }

    #[test]
    fn no_state_is_accepted_when_the_limit_is_reached() {
        let redeemed = Redeemed::new(2, 2);
        redeemed.redeem(receipt(1, 10), None, 0).unwrap();
        assert_eq!(
            redeemed.redeem(receipt(1, 10), None, 0).unwrap_err().code(),
            code::INVALID_PARAMS
        );
        redeemed.redeem(receipt(2, 20), None, 0).unwrap();
        let error = redeemed.redeem(receipt(3, 20), None, 9).unwrap_err();
        assert_eq!(error.code(), code::INTERNAL_ERROR);
        assert!(error.message().contains("max_redeemed_states"), "{error}");
        redeemed.redeem(receipt(3, 20), None, 10).unwrap();
        assert_eq!(redeemed.used.lock().principals.len(), 2);
    }

    #[test]
    fn one_principal_cannot_block_another() {
        let redeemed = Redeemed::new(10, 2);
        for number in 0..2 {
            redeemed.redeem(receipt(number, 10), Some("ann"), 0).unwrap();
        }
        let error = redeemed.redeem(receipt(2, 10), Some("ann"), 0).unwrap_err();
        assert!(error.message().contains("max_redeemed_states_per_principal"), "{error}");
        redeemed.redeem(receipt(3, 20), Some("bob"), 0).unwrap();
        redeemed.redeem(receipt(4, 20), Some("ann"), 10).unwrap();
        let used = redeemed.used.lock();
        assert_eq!((used.principals.len(), used.by_expiry.len()), (2, 2));
        assert_eq!(used.per_principal.len(), 2, "expired states are removed");
    }
}
