//! The scope of a cached result. Spec: server/utilities/caching; since 2026-07-28.
//!
//! The two hints (`ttl_ms`, `cache_scope`) are members of the results that may be cached. The draft
//! of the next revision adds `digest`, and two keys of `_meta` that refer to it.

use serde_json::Value;

use crate::json::{JsonObject, string_enum};
use crate::meta::{KNOWN_DIGESTS, Meta, STALE_DIGESTS};

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

/// Draft of the next revision. A digest identifies what a list or `server/discover` described when
/// the client fetched it. It is opaque: compare it for equality only.
impl Meta {
    /// Returns the digest that the sender of a request has for the result of a method, such as
    /// `tools/list`. `None` if it is absent or malformed: digests are hints.
    #[must_use]
    pub fn known_digest(&self, method: &str) -> Option<&str> {
        self.get(KNOWN_DIGESTS)?.get(method)?.as_str()
    }

    /// States the digest that the sender has for the result of a method. A client must have it from
    /// the same server, with the same authorization.
    ///
    /// ```
    /// use mcp_core::meta::Meta;
    ///
    /// let meta = Meta::new().with_known_digest("tools/list", "sha256:4f");
    /// assert_eq!(meta.known_digest("tools/list"), Some("sha256:4f"));
    /// ```
    #[must_use]
    pub fn with_known_digest(mut self, method: &str, digest: impl Into<String>) -> Self {
        let known = self.remove(KNOWN_DIGESTS);
        let mut known = match known {
            Some(Value::Object(known)) => known,
            _ => JsonObject::new(),
        };
        known.insert(method.to_owned(), digest.into().into());
        self.with(KNOWN_DIGESTS, known)
    }

    /// Returns the methods whose results have changed since the client fetched them, as far as the
    /// server noticed. They should be fetched again when convenient. The result that has this
    /// `_meta` is valid, and its call must not be repeated.
    pub fn stale_digests(&self) -> impl Iterator<Item = &str> {
        let methods = self.get(STALE_DIGESTS).and_then(Value::as_array);
        methods.into_iter().flatten().filter_map(Value::as_str)
    }
}
