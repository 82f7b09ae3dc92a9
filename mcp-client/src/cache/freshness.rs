//! How long a result may be kept, and for whom.

use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::types::CacheScope;
use serde::Deserialize;

/// How a result may be kept.
pub(super) struct Freshness {
    pub(super) fresh_for: Duration,
    pub(super) is_public: bool,
}

impl Freshness {
    /// Reads `ttlMs` and `cacheScope`. Without a valid hint a result is not kept.
    pub(super) fn of(result: &JsonBytes, max_ttl: Duration) -> Self {
        #[derive(Deserialize)]
        struct Hint {
            #[serde(rename = "ttlMs")]
            ttl_ms: Option<f64>,
            #[serde(rename = "cacheScope", default)]
            cache_scope: Option<CacheScope>,
        }
        match result.parse() {
            Ok(Hint { ttl_ms: Some(ttl), cache_scope }) if ttl >= 1.0 => {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the cast saturates, and the result is limited to max_ttl"
                )]
                let fresh_for = Duration::from_millis(ttl as u64).min(max_ttl);
                Self { fresh_for, is_public: cache_scope == Some(CacheScope::Public) }
            }
            _ => Self { fresh_for: Duration::ZERO, is_public: false },
        }
    }
}
