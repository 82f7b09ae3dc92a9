//! `server/discover`. Spec: server/discover; since 2026-07-28.

use super::{CacheScope, ServerCapabilities};
use crate::json::{Millis, object};
use crate::meta::Meta;

object! {
    /// Result of `server/discover`. Since 2026-07-28.
    ///
    /// The server's name and version are in [`Meta::server_info`].
    pub struct DiscoverResult ignore "resultType" {
        /// The revisions that the server supports, which may include legacy ones.
        supported_versions: Vec<String> = "supportedVersions",
        /// The capabilities of the server.
        capabilities: ServerCapabilities = "capabilities",
        /// Instructions for the model on how to use the server.
        instructions?: String = "instructions",
        /// Time for which the result is fresh, in milliseconds.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the other members. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
