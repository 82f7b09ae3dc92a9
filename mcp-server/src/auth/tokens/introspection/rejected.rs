//! Tokens that were not valid a moment ago, so that a client that repeats one causes no requests.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::seal::digest;

/// The SHA-256 of a token and the server that it was presented to: the cache holds no credentials.
pub(super) type Key = [u8; 32];

/// The key of a token.
pub(super) fn key(token: &str, resource: &str) -> Key {
    // No token has a zero byte.
    digest(&[token.as_bytes(), &[0], resource.as_bytes()])
}

/// Tokens that are not valid, for a time that is the same for all.
pub(super) struct Rejected {
    ttl: Duration,
    max: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    reasons: HashMap<Key, String>,
    /// The oldest is in front.
    ends: VecDeque<(Instant, Key)>,
}

impl Rejected {
    pub(super) fn new(ttl: Duration, max: usize) -> Self {
        Self { ttl, max, entries: Mutex::default() }
    }

    /// Why a token is not valid, if it was found out a moment ago.
    pub(super) fn get(&self, key: &Key) -> Option<String> {
        let mut entries = self.entries.lock();
        entries.forget(Instant::now(), usize::MAX);
        entries.reasons.get(key).cloned()
    }

    pub(super) fn insert(&self, key: Key, reason: &str) {
        if self.ttl.is_zero() || self.max == 0 {
            return;
        }
        let now = Instant::now();
        let mut entries = self.entries.lock();
        entries.forget(now, self.max - 1);
        // Of two requests with one token, the first one counts.
        if entries.reasons.insert(key, reason.to_owned()).is_none() {
            entries.ends.push_back((later(now, self.ttl), key));
        }
    }
}

impl Entries {
    /// Forgets what is too old, and the oldest if there are more than `max`. Each is forgotten
    /// once, so that this takes no longer than the insertions.
    fn forget(&mut self, now: Instant, max: usize) {
        while let Some((until, key)) = self.ends.front() {
            if *until > now && self.ends.len() <= max {
                return;
            }
            self.reasons.remove(key);
            self.ends.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokens_are_remembered_for_their_time_and_up_to_the_limit() {
        let rejected = Rejected::new(Duration::from_secs(5), 3);
        let key = |text: &str| key(text, "https://mcp.example.com");
        rejected.insert(key("a"), "first");
        tokio::time::advance(Duration::from_secs(4)).await;
        rejected.insert(key("a"), "second");
        assert_eq!(rejected.get(&key("a")).as_deref(), Some("second"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(rejected.get(&key("a")), None);

        for token in ["b", "c", "d", "e"] {
            rejected.insert(key(token), token);
        }
        assert_eq!(rejected.get(&key("b")), None);
        for token in ["c", "d", "e"] {
            assert_eq!(rejected.get(&key(token)).as_deref(), Some(token));
        }
        let entries = rejected.entries.lock();
        assert_eq!((entries.reasons.len(), entries.ends.len()), (3, 3));
    }

    #[test]
    fn a_token_is_another_one_at_another_server() {
        assert_ne!(key("a", "https://one.example"), key("a", "https://two.example"));
    }
}
