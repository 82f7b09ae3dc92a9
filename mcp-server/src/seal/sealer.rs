//! Sealing and opening of states.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::limits::Limits;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_core::jsonrpc::ErrorObject;

use super::binding::Binding;
use super::cipher::{self, random};
use super::keys::KeyRing;
use super::redeemed::Redeemed;
use super::token::{EXPIRY, HEAD, KEY_ID, NONCE, VERSION, refused};

/// Seals and opens states.
pub(crate) struct Sealer {
    keys: KeyRing,
    /// Where each state is good for one use.
    redeemed: Option<Redeemed>,
    longest: usize,
    lifetime: Duration,
}

impl Sealer {
    pub(crate) fn new(keys: Option<KeyRing>, single_use: bool, limits: &Limits) -> Self {
        Self {
            keys: keys.unwrap_or_else(KeyRing::ephemeral),
            redeemed: single_use.then(|| Redeemed::new(limits.max_redeemed_states)),
            longest: limits.max_request_state_bytes,
            lifetime: limits.request_state_ttl,
        }
    }

    /// Seals a state.
    ///
    /// # Errors
    /// −32603 when it is too long, or there is no randomness.
    pub(crate) fn seal(&self, binding: &Binding, state: &[u8]) -> Result<String, ErrorObject> {
        let failed =
            |error: &dyn fmt::Display| crate::error::internal("sealing the state of a call", error);
        let (id, key) = self.keys.current().map_err(|error| failed(&error))?;
        let nonce: [u8; NONCE] = random().map_err(|error| failed(&error))?;
        let mut token = Vec::with_capacity(HEAD + EXPIRY + state.len() + 16);
        token.push(VERSION);
        token.extend_from_slice(&id);
        token.extend_from_slice(&nonce);
        let mut text = Vec::with_capacity(EXPIRY + state.len() + 16);
        text.extend_from_slice(&(now() + self.lifetime.as_millis() as u64).to_be_bytes());
        text.extend_from_slice(state);
        let bound = binding.associated(&token);
        cipher::encrypt(&key, &nonce, &bound, &mut text)
            .ok_or_else(|| failed(&"the cipher refused"))?;
        token.extend_from_slice(&text);
        let token = URL_SAFE_NO_PAD.encode(token);
        if token.len() > self.longest {
            let told =
                format!("the state is {} bytes, at most {} are allowed", token.len(), self.longest);
            return Err(failed(&told));
        }
        Ok(token)
    }

    /// Opens a state that a client sent, which is whatever an attacker likes.
    ///
    /// # Errors
    /// −32602, with why as far as it helps an honest client.
    pub(crate) fn open(&self, binding: &Binding, token: &str) -> Result<Vec<u8>, ErrorObject> {
        if token.len() > self.longest {
            return Err(refused("it is too long"));
        }
        // The decoder takes one spelling only: no padding, no stray bits.
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused("it was altered"))?;
        let Some((head, sealed)) = token.split_at_checked(HEAD) else {
            return Err(refused("it was altered"));
        };
        let (Some(&VERSION), Some(id), Some(nonce)) = (
            head.first(),
            head.get(1..=KEY_ID).and_then(|id| <[u8; KEY_ID]>::try_from(id).ok()),
            head.get(1 + KEY_ID..).and_then(|nonce| <[u8; NONCE]>::try_from(nonce).ok()),
        ) else {
            return Err(refused("it was altered"));
        };
        let Some(key) = self.keys.find(id) else {
            tracing::warn!(
                "a requestState is sealed with a key that this server does not have: either it is forged, or \
                 instances of this server need a key in common (`Server::state_keys`)"
            );
            return Err(refused("this server has no such key"));
        };
        let mut text = sealed.to_vec();
        cipher::decrypt(&key, &nonce, &binding.associated(head), &mut text)
            .ok_or_else(|| refused("it was altered, or belongs to another call"))?;
        let Some((expiry, state)) = text.split_first_chunk::<EXPIRY>() else {
            return Err(refused("it was altered"));
        };
        let (expiry, now) = (u64::from_be_bytes(*expiry), now());
        if now >= expiry {
            return Err(refused("it expired"));
        }
        if let Some(redeemed) = &self.redeemed {
            redeemed.redeem(nonce, expiry, now)?;
        }
        Ok(state.to_vec())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Milliseconds since 1970, on the wall clock, since instances share states; ahead by what a paused clock of
/// tokio was advanced.
fn now() -> u64 {
    let ahead =
        tokio::time::Instant::now().into_std().saturating_duration_since(std::time::Instant::now());
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from((wall + ahead).as_millis()).unwrap_or(u64::MAX)
}
