//! Proofs that were used, so that none is used twice.

use std::collections::HashSet;
use std::time::Duration;

use mcp_core::jose::sha256;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

/// Time after which a proof is too old anyway: the clock of its client may be behind and ahead.
const WINDOW: Duration = Duration::from_secs(600);
/// Most proofs that are remembered, at about 40 bytes each. Fixed: with more requests than that in
/// ten minutes, the oldest are forgotten early; a server that needs more requires nonces.
pub(super) const MAX_USED_PROOFS: usize = 200_000;

/// Two generations. Each is as old as the window when it is dropped.
#[derive(Default)]
pub(super) struct UsedProofs(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
    began: Option<Instant>,
}

impl UsedProofs {
    /// Uses a proof. Returns false if it was used before.
    pub(super) fn insert(&self, key_thumbprint: &str, id: &str) -> bool {
        let hash = sha256(format!("{key_thumbprint} {id}").as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hash[..16]);
        let now = Instant::now();
        let mut used = self.0.lock();
        let began = *used.began.get_or_insert(now);
        let is_full = used.young.len() >= MAX_USED_PROOFS / 2;
        let mut dropped = HashSet::new();
        if is_full || now.duration_since(began) >= WINDOW {
            let young = std::mem::take(&mut used.young);
            dropped = std::mem::replace(&mut used.old, young);
            used.began = Some(now);
        }
        let is_new = !used.old.contains(&key) && used.young.insert(key);
        drop(used);
        drop(dropped); // Outside of the lock.
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_proof_is_used_once_within_its_window() {
        let used = UsedProofs::default();
        assert!(used.insert("key", "a"));
        assert!(!used.insert("key", "a"));
        assert!(used.insert("other", "a"));
        for _ in 0..2 {
            tokio::time::advance(WINDOW / 2 - Duration::from_secs(1)).await;
            assert!(!used.insert("key", "a"));
        }
        // It is remembered for one window, and forgotten after the second.
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(used.insert("key", "b")); // Begins a generation.
        assert!(!used.insert("key", "a"));
        tokio::time::advance(WINDOW).await;
        assert!(used.insert("key", "c"));
        assert!(used.insert("key", "a"));
    }

    #[tokio::test]
    async fn the_number_of_proofs_is_bounded() {
        let used = UsedProofs::default();
        for number in 0..2 * MAX_USED_PROOFS {
            assert!(used.insert("key", &number.to_string()));
            let generations = used.0.lock();
            assert!(generations.young.len() + generations.old.len() <= MAX_USED_PROOFS);
        }
    }
}
