//! `server/discover`. Spec: server/discover; since 2026-07-28.

use super::{CacheScope, ServerCapabilities};
use crate::json::{Millis, object};
use crate::meta::Meta;

object! {
    /// Result of `server/discover`. Since 2026-07-28.
    ///
    /// The server's name and version are in [`Meta::server_info`].
    pub struct DiscoverResult ignore "resultType" {
        /// The revisions that the server speaks; may hold those with a handshake.
        supported_versions: Vec<String> = "supportedVersions",
        /// What it can do.
        capabilities: ServerCapabilities = "capabilities",
        /// How to use it, for the model.
        instructions?: String = "instructions",
        /// For how long the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
