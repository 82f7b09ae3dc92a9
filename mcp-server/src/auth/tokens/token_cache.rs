//! Tokens that were verified lately, so that the calls of a client are decided without a signature
//! check each.

use std::collections::HashMap;
use std::time::SystemTime;

use mcp_core::jose::sha256;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use super::VerifiedToken;

/// Most tokens that are kept, at about 1 KiB each with usual claims, and 8 KiB at most. Fixed: a
/// token that is not kept is verified again.
pub(super) const MAX_VERIFIED_TOKENS: usize = 10_000;

/// Longest claims of a token that is kept, in bytes of JSON. Fixed, likewise.
const MAX_CLAIMS_BYTES: usize = 8 << 10;

/// The SHA-256 of a token: the cache holds no credentials.
pub(super) type TokenHash = [u8; 32];

/// Two generations: when the young one is full, it replaces the old one, so that a flood of tokens
/// costs no search, and tokens in use stay.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<TokenHash, Kept>,
    old: HashMap<TokenHash, Kept>,
}

struct Kept {
    token: VerifiedToken,
    until: Instant,
}

impl Kept {
    /// The token, with the time for which it may still be used. The wall clock counts too: the
    /// other one stops while a machine is suspended.
    fn token_at(&self, (now, wall): (Instant, SystemTime)) -> Option<VerifiedToken> {
        let rest = self.until.checked_duration_since(now).filter(|rest| !rest.is_zero())?;
        let is_valid = self.token.principal.expires_at().is_none_or(|at| at > wall);
        is_valid.then(|| self.token.clone().cached_for(rest))
    }
}

pub(super) fn hash(token: &str) -> TokenHash {
    sha256(token.as_bytes())
}

impl TokenCache {
    /// Returns a token that is still valid, with the time for which the decision may still be kept.
    pub(super) fn get(&self, hash: &TokenHash) -> Option<VerifiedToken> {
        let now = (Instant::now(), crate::clock::wall());
        let mut generations = self.0.lock();
        if let Some(kept) = generations.young.get(hash) {
            return kept.token_at(now);
        }
        let kept = generations.old.remove(hash)?;
        let token = kept.token_at(now)?;
        let dropped = generations.insert(*hash, kept);
        drop(generations);
        drop(dropped); // Outside of the lock.
        Some(token)
    }

    /// Keeps a token for as long as its verifier allows, at most until it expires.
    pub(super) fn insert(&self, hash: TokenHash, token: &VerifiedToken) {
        let mut keep_for = token.cache_for;
        if let Some(expires_at) = token.principal.expires_at() {
            let rest = expires_at.duration_since(crate::clock::wall()).unwrap_or_default();
            keep_for = keep_for.min(rest);
        }
        if keep_for.is_zero() {
            return;
        }
        let claims = serde_json::to_string(token.principal.claims()).unwrap_or_default();
        if claims.len() > MAX_CLAIMS_BYTES {
            return;
        }
        let Some(until) = Instant::now().checked_add(keep_for) else { return };
        let dropped = self.0.lock().insert(hash, Kept { token: token.clone(), until });
        drop(dropped); // Outside of the lock.
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let generations = self.0.lock();
        generations.young.len() + generations.old.len()
    }
}

impl Generations {
    fn insert(&mut self, hash: TokenHash, kept: Kept) -> HashMap<TokenHash, Kept> {
        let mut dropped = HashMap::new();
        if self.young.len() >= MAX_VERIFIED_TOKENS / 2 {
            dropped = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        }
        self.young.insert(hash, kept);
        dropped
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::auth::Principal;

    fn token(cache_for: Duration) -> VerifiedToken {
        VerifiedToken::new(Principal::new("ada")).cached_for(cache_for)
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_kept_for_as_long_as_its_verifier_allows() {
        let cache = TokenCache::default();
        cache.insert(hash("a"), &token(Duration::from_secs(60)));
        cache.insert(hash("b"), &token(Duration::ZERO));
        let expired = Principal::new("ada").with_expiry(SystemTime::now());
        let expired = VerifiedToken::new(expired).cached_for(Duration::from_secs(60));
        cache.insert(hash("c"), &expired);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(cache.get(&hash("a")).unwrap().cache_for, Duration::from_secs(1));
        assert!(cache.get(&hash("b")).is_none() && cache.get(&hash("c")).is_none());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(cache.get(&hash("a")).is_none());
    }

    #[tokio::test]
    async fn the_number_of_tokens_is_bounded_and_tokens_in_use_stay() {
        let cache = TokenCache::default();
        cache.insert(hash("used"), &token(Duration::from_secs(60)));
        for number in 0..3 * MAX_VERIFIED_TOKENS {
            cache.insert(hash(&number.to_string()), &token(Duration::from_secs(60)));
            assert!(cache.len() <= MAX_VERIFIED_TOKENS);
            if number % 1_000 == 0 {
                assert!(cache.get(&hash("used")).is_some(), "{number}");
            }
        }
        assert!(cache.get(&hash("0")).is_none());
    }
}
