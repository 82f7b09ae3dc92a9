//! Seals and opens states.

use std::fmt;
#[cfg(feature = "http")]
use std::sync::Arc;
use std::time::Duration;

use crate::clock::now;
use crate::limits::Limits;
#[cfg(feature = "http")]
use crate::store::NonceStore;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_core::jsonrpc::{ErrorObject, code};

use super::binding::Binding;
use super::cipher::{self, random};
use super::keys::KeyRing;
use super::redeemed::{Receipt, Redeemed};
#[cfg(feature = "http")]
use super::shared_redeemed::SharedRedeemed;
use super::token::{EXPIRY_BYTES, HEAD_BYTES, NONCE_BYTES, Sealed, VERSION, refused};

/// Seals and opens states.
pub(crate) struct Sealer {
    keys: KeyRing,
    /// Present if each state is accepted only once.
    redeemed: Option<Redeemed>,
    /// Where they are remembered instead, if instances share them.
    #[cfg(feature = "http")]
    shared: Option<SharedRedeemed>,
    max_bytes: usize,
    lifetime: Duration,
}

impl Sealer {
    pub(crate) fn new(keys: Option<KeyRing>, single_use: bool, limits: &Limits) -> Self {
        Self {
            keys: keys.unwrap_or_else(KeyRing::ephemeral),
            redeemed: single_use.then(|| {
                let Limits { max_redeemed_states, max_redeemed_states_per_principal, .. } = *limits;
                Redeemed::new(max_redeemed_states, max_redeemed_states_per_principal)
            }),
            #[cfg(feature = "http")]
            shared: None,
            max_bytes: limits.max_request_state_bytes,
            lifetime: limits.request_state_ttl,
        }
    }

    /// Remembers the states that were redeemed in a store.
    #[cfg(feature = "http")]
    pub(crate) fn with_store(
        mut self,
        store: Option<Arc<dyn NonceStore>>,
        limits: &Limits,
    ) -> Self {
        if self.redeemed.is_some() {
            self.shared = store.map(|store| SharedRedeemed::new(store, limits));
        }
        self
    }

    /// The keys that seal.
    #[cfg(feature = "http")]
    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Seals a state.
    ///
    /// # Errors
    /// −32603 if the token is too long, or there are no random bytes.
    pub(crate) fn seal(&self, binding: &Binding, state: &[u8]) -> Result<String, ErrorObject> {
        let failed =
            |error: &dyn fmt::Display| crate::error::internal("sealing the state of a call", error);
        let (id, key) = self.keys.current().map_err(|error| failed(&error))?;
        let nonce: [u8; NONCE_BYTES] = random().map_err(|error| failed(&error))?;
        let mut token = Vec::with_capacity(HEAD_BYTES + EXPIRY_BYTES + state.len() + 16);
        token.push(VERSION);
        token.extend_from_slice(&id);
        token.extend_from_slice(&nonce);
        let mut text = Vec::with_capacity(EXPIRY_BYTES + state.len() + 16);
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        text.extend_from_slice(&now().saturating_add(lifetime).to_be_bytes());
        text.extend_from_slice(state);
        let associated_data = binding.associated(&token);
        cipher::encrypt(&key, &nonce, &associated_data, &mut text)
            .ok_or_else(|| failed(&"encryption failed"))?;
        token.extend_from_slice(&text);
        let token = URL_SAFE_NO_PAD.encode(token);
        if token.len() > self.max_bytes {
            return Err(too_long(token.len(), self.max_bytes));
        }
        Ok(token)
    }

    /// Opens a state that a client sent. It can be any string. Opening does not redeem the state;
    /// see [`Sealer::redeem`].
    ///
    /// # Errors
    /// −32602, with as much of the reason as helps an honest client.
    pub(crate) fn open(
        &self,
        binding: &Binding,
        token: &str,
    ) -> Result<(Vec<u8>, Receipt), ErrorObject> {
        let (length, max) = (token.len(), self.max_bytes);
        if length > max {
            return Err(refused(&format!(
                "{length} bytes exceed the limit of {max} bytes (max_request_state_bytes)"
            )));
        }
        // The decoder accepts one encoding only: no padding, no trailing bits.
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused("it was altered"))?;
        let Some(Sealed { head, key_id, nonce, text }) = Sealed::split(&token, VERSION) else {
            return Err(refused("it was altered"));
        };
        let Some(key) = self.keys.find(key_id) else {
            tracing::warn!(
                "a requestState is sealed with an unknown key: it is forged, or instances of this server \
                 need a common secret (`ServerBuilder::state_keys`)"
            );
            return Err(refused("it is sealed with an unknown key"));
        };
        let mut text = text.to_vec();
        cipher::decrypt(&key, &nonce, &binding.associated(head), &mut text)
            .ok_or_else(|| refused("it was altered, or belongs to another call"))?;
        let Some((expiry, state)) = text.split_first_chunk::<EXPIRY_BYTES>() else {
            return Err(refused("it was altered"));
        };
        let (expiry, now) = (u64::from_be_bytes(*expiry), now());
        if now >= expiry {
            return Err(refused("it has expired"));
        }
        Ok((state.to_vec(), Receipt { nonce, expiry }))
    }

    /// Redeems a state, if each is accepted only once. Call it after the answers that came with the
    /// state have been validated, and before the handler runs.
    ///
    /// # Errors
    /// −32602 if it has already been redeemed; −32603 if it cannot be remembered.
    pub(crate) async fn redeem(
        &self,
        receipt: Receipt,
        principal: Option<&str>,
    ) -> Result<(), ErrorObject> {
        #[cfg(feature = "http")]
        if let Some(shared) = &self.shared {
            return shared.redeem(receipt, principal, now()).await;
        }
        match &self.redeemed {
            Some(redeemed) => redeemed.redeem(receipt, principal, now()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

#[cold]
fn too_long(length: usize, max: usize) -> ErrorObject {
    tracing::error!(length, max, "the state of a call exceeds max_request_state_bytes");
    let message = format!(
        "the state of this call has {length} bytes; the limit is {max} (max_request_state_bytes): \
         store large results of steps on the server, and only their keys in the state"
    );
    ErrorObject::new(code::INTERNAL_ERROR, message)
}
