//! Ids that lead from an error on the wire to its reason in the log (THREAT-12).

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells this process from others; no secret.
static PROCESS: LazyLock<u32> = LazyLock::new(|| (RandomState::new().hash_one(0) >> 32) as u32);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A new id.
pub(super) fn next() -> String {
    format!("{:08x}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))
}
