//! States that are spent, where each is good for one use. Bounded: an entry goes when its state expires.

use std::collections::HashMap;

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::sync::Mutex;

use super::token::{NONCE, refused};

pub(super) struct Redeemed {
    /// When each state expires, by its nonce.
    spent: Mutex<HashMap<[u8; NONCE], u64>>,
    most: usize,
}

impl Redeemed {
    pub(super) fn new(most: usize) -> Self {
        Self { spent: Mutex::default(), most }
    }

    /// Spends a state.
    ///
    /// # Errors
    /// −32602 when it is spent already; −32603 when there is no room to remember it.
    pub(super) fn redeem(
        &self,
        nonce: [u8; NONCE],
        expiry: u64,
        now: u64,
    ) -> Result<(), ErrorObject> {
        let mut spent = self.spent.lock();
        if spent.contains_key(&nonce) {
            return Err(refused("it was used already"));
        }
        if spent.len() >= self.most {
            spent.retain(|_, expiry| now < *expiry);
        }
        if spent.len() >= self.most {
            tracing::warn!(
                most = self.most,
                "no room for more redeemed states (`Limits::redeemed_states`)"
            );
            return Err(ErrorObject::new(
                code::INTERNAL_ERROR,
                "too many calls ask for input; try again later",
            ));
        }
        spent.insert(nonce, expiry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_closed_when_full() {
        let redeemed = Redeemed::new(2);
        redeemed.redeem([1; NONCE], 10, 0).unwrap();
        assert!(redeemed.redeem([1; NONCE], 10, 0).is_err());
        redeemed.redeem([2; NONCE], 20, 0).unwrap();
        assert_eq!(redeemed.redeem([3; NONCE], 20, 9).unwrap_err().code(), code::INTERNAL_ERROR);
        redeemed.redeem([3; NONCE], 20, 10).unwrap();
        assert_eq!(redeemed.spent.lock().len(), 2);
    }
}
