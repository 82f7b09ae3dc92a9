//! The scope of a cached result. Spec: server/utilities/caching; since 2026-07-28.
//!
//! The two hints (`ttl_ms`, `cache_scope`) are members of the results that may be cached.

use crate::json::string_enum;

string_enum! {
    /// Whether a cached result may be shared between authorization contexts. Since 2026-07-28.
    ///
    /// Treat an unknown value as `Private`.
    pub enum CacheScope {
        /// The result may be returned in any authorization context.
        Public = "public",
        /// The result may be returned only in the authorization context that requested it.
        Private = "private",
        _ => Other,
    }
}
