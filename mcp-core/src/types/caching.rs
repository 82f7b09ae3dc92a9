//! Who may share a cached result. Spec: server/utilities/caching; since 2026-07-28.
//!
//! The two hints (`ttl_ms`, `cache_scope`) are members of the results that may be cached.

use crate::json::string_enum;

string_enum! {
    /// Whether a cached result may be shared between authorization contexts. Since 2026-07-28.
    ///
    /// A value that is not known must be treated as `Private`.
    pub enum CacheScope {
        /// Anyone may be served it.
        Public = "public",
        /// Only the authorization context that asked.
        Private = "private",
        _ => Other,
    }
}
