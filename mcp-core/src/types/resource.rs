//! Resources. Spec: server/resources.

use super::{Annotations, CacheScope, Icon, InputResponses, ResourceContents};
use crate::json::{Int, Millis, object};
use crate::meta::Meta;

object! {
    /// A resource, as it is listed. All revisions.
    pub struct Resource {
        /// Its URI.
        uri: String = "uri",
        /// Its name for programs.
        name: String = "name",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it is.
        description?: String = "description",
        /// Its media type.
        mime_type?: String = "mimeType",
        /// Its size in bytes, before any encoding.
        size?: u64 = "size" via Int,
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// A template of resources. All revisions.
    pub struct ResourceTemplate {
        /// An RFC 6570 URI template.
        uri_template: String = "uriTemplate",
        /// Its name for programs.
        name: String = "name",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it is for.
        description?: String = "description",
        /// The media type of all resources that match.
        mime_type?: String = "mimeType",
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/list`. All revisions.
    pub struct ListResourcesResult ignore "resultType" {
        /// The resources of this page.
        resources: Vec<Resource> = "resources",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// For how long the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/templates/list`. All revisions.
    pub struct ListResourceTemplatesResult ignore "resultType" {
        /// The templates of this page.
        resource_templates: Vec<ResourceTemplate> = "resourceTemplates",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// For how long the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/read`. All revisions.
    pub struct ReadResourceParams {
        /// Which resource.
        uri: String = "uri",
        /// Answers to what the server asked in the round before. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The server's state of the round before, untouched. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `resources/read`. All revisions.
    pub struct ReadResourceResult ignore "resultType" {
        /// The contents, of the resource or of those below it.
        contents: Vec<ResourceContents> = "contents",
        /// For how long the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `resources/subscribe` and `resources/unsubscribe`. Until 2025-11-25.
    pub struct SubscribeParams {
        /// Which resource.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/resources/updated`. All revisions.
    pub struct ResourceUpdatedParams {
        /// Which resource; may lie below the one that is watched.
        uri: String = "uri",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
