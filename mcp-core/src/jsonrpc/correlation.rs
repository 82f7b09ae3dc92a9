//! Correlation ids, which link an error on the wire to its cause in the log (THREAT-12).

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Distinguishes this process from others. It is not a secret.
static PROCESS: LazyLock<u32> = LazyLock::new(|| (RandomState::new().hash_one(0) >> 32) as u32);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Returns a new id.
pub(super) fn next() -> String {
    format!("{:08x}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))
}
