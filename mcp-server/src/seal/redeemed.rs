//! States that were used, where each may be used once. Bounded: an entry goes when its state
//! expires.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::sync::Mutex;

use super::token::{NONCE, refused};

/// A state that was opened and not used yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(super) nonce: [u8; NONCE],
    /// In milliseconds since 1970, as the state says.
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
    principals: HashMap<[u8; NONCE], Option<Arc<str>>>,
    by_expiry: BTreeSet<(u64, [u8; NONCE])>,
    per_principal: HashMap<Arc<str>, usize>,
}

impl Redeemed {
    pub(super) fn new(max_states: usize, max_states_per_principal: usize) -> Self {
        Self { used: Mutex::default(), max_states, max_states_per_principal }
    }

    /// Uses a state. Callers without a principal are bounded together, by the number of all states.
    ///
    /// # Errors
    /// −32602 when it was used before; −32603 when it could not be remembered.
    pub(super) fn redeem(
        &self,
        receipt: Receipt,
        principal: Option<&str>,
        now: u64,
    ) -> Result<(), ErrorObject> {
        let mut used = self.used.lock();
        used.forget_expired(now);
        if used.principals.contains_key(&receipt.nonce) {
            return Err(refused("it was used already"));
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
fn full(limit: &str, max: usize) -> ErrorObject {
    tracing::warn!(limit, max, "no more single-use states can be remembered until some expire");
    let message = format!("{max} answered calls are remembered ({limit}); try again later");
    ErrorObject::new(code::INTERNAL_ERROR, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(number: u8, expiry: u64) -> Receipt {
        Receipt { nonce: [number; NONCE], expiry }
    }

    #[test]
    fn bounded_and_closed_when_full() {
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
    fn one_principal_cannot_lock_out_another() {
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
        assert_eq!(used.per_principal.len(), 2, "those of expired states are gone");
    }
}
