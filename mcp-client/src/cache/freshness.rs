//! How long a result may be kept, and for whom.

use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::types::CacheScope;

/// How a result may be kept.
pub(super) struct Freshness {
    pub(super) fresh_for: Duration,
    pub(super) is_public: bool,
}

impl Freshness {
    /// Reads `ttlMs` and `cacheScope`. Without a valid hint a result is not kept.
    pub(super) fn of(result: &JsonBytes, max_ttl: Duration) -> Self {
        match hint(result) {
            Some((ttl, scope)) if ttl >= 1.0 => {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the cast saturates, and the result is limited to max_ttl"
                )]
                let fresh_for = Duration::from_millis(ttl as u64).min(max_ttl);
                Self { fresh_for, is_public: scope == Some(CacheScope::Public) }
            }
            _ => Self { fresh_for: Duration::ZERO, is_public: false },
        }
    }
}

/// The members `ttlMs` and `cacheScope`; `None` without the first, or if one is not valid.
fn hint(result: &JsonBytes) -> Option<(f64, Option<CacheScope>)> {
    let [ttl, scope] = result.members(["ttlMs", "cacheScope"]).ok()?;
    let scope = scope.map_or(Ok(None), |scope| scope.parse()).ok()?;
    Some((ttl?.parse().ok()?, scope))
}
